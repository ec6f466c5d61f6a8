package main

import (
	"time"

	"gorm.io/gorm"
)

// Company is what users belong to; its key is a text.
type Company struct {
	Code string `gorm:"primaryKey;size:20"`
	Name string `gorm:"size:100;not null;comment:as registered"`
}

// User has associations of every kind.
type User struct {
	gorm.Model
	Name        string  `gorm:"size:100;uniqueIndex"`
	Email       *string `gorm:"size:200;index:idx_mail,priority:1"`
	Age         int     `gorm:"index:idx_mail,priority:2;check:age_check,age >= 0"`
	Balance     string  `gorm:"type:decimal(12,2);default:0"`
	Ratio       float64
	Active      bool `gorm:"default:true"`
	Birthday    *time.Time
	Picture     []byte
	Notes       string `gorm:"type:text"`
	CompanyCode *string
	Company     *Company
	Profile     Profile
	Orders      []Order
	Languages   []Language `gorm:"many2many:speaks"`
	Tags        []string   `gorm:"serializer:json"`
	Address     Address    `gorm:"embedded;embeddedPrefix:at_"`
}

// Address is embedded.
type Address struct {
	Street string `gorm:"size:80"`
	Zip    string `gorm:"size:12"`
}

// Profile is the one that a user has.
type Profile struct {
	ID     uint
	UserID uint
	Motto  string `gorm:"size:80"`
}

// Order is one of many that a user has.
type Order struct {
	ID     uint
	UserID uint
	Item   string `gorm:"size:60;index"`
	Price  int64
}

// Language is spoken by users; its key is a text, so rows of the table between have an encrypted part of their key.
type Language struct {
	Code string `gorm:"primaryKey;size:10"`
	Name string `gorm:"size:40"`
}

var hooks []string

// BeforeCreate is a hook.
func (u *User) BeforeCreate(*gorm.DB) error {
	hooks = append(hooks, "before create "+u.Name)
	if u.Name == "refused" {
		return gorm.ErrInvalidData
	}
	return nil
}

// AfterCreate is a hook that asks the database.
func (u *User) AfterCreate(tx *gorm.DB) error {
	var n int64
	err := tx.Model(&User{}).Where("name = ?", u.Name).Count(&n).Error
	hooks = append(hooks, "after create "+u.Name)
	if n != 1 {
		hooks = append(hooks, "not found")
	}
	return err
}

// BeforeUpdate is a hook.
func (u *User) BeforeUpdate(tx *gorm.DB) error {
	if tx.Statement.Changed("Name") {
		hooks = append(hooks, "name changes")
	}
	return nil
}

// AfterDelete is a hook.
func (u *User) AfterDelete(*gorm.DB) error {
	hooks = append(hooks, "after delete")
	return nil
}

// AfterFind is a hook.
func (c *Company) AfterFind(*gorm.DB) error {
	hooks = append(hooks, "found "+c.Code)
	return nil
}
