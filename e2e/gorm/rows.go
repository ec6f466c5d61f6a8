package main

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

func pointer[T any](v T) *T { return &v }

func newUser(name string, age int) User {
	born := time.Date(2024-age, 2, 28, 0, 0, 0, 0, time.UTC)
	return User{Name: name, Email: pointer(name + "@example.org"), Age: age, Balance: fmt.Sprintf("%d.25", age*10), Ratio: float64(age) / 8, Birthday: &born,
		Picture: []byte{0, 1, 0xff, byte(age)}, Notes: "notes of " + name + " é😀", Tags: []string{"a", name}, Address: Address{Street: name + " street", Zip: "8000"}}
}

func (w *work) create() {
	alice := newUser("alice", 30)
	alice.Company = &Company{Code: "ACME", Name: "Acme & Sons"}
	alice.Profile = Profile{Motto: "first"}
	alice.Orders = []Order{{Item: "lamp", Price: 1999}, {Item: "chair", Price: 4999}}
	alice.Languages = []Language{{Code: "de", Name: "Deutsch"}, {Code: "fr", Name: "Français"}}
	w.done("create with associations", &alice, func() *gorm.DB { return w.db.Create(&alice) })
	var many []User
	for i := range 12 {
		many = append(many, newUser(fmt.Sprintf("user %02d", i), 20+i))
	}
	w.done("create in batches", &many, func() *gorm.DB { return w.db.CreateInBatches(&many, 5) })
	w.done("create by map", nil, func() *gorm.DB {
		return w.db.Model(&User{}).Create(map[string]any{"Name": "mapped", "Age": 50, "Balance": clause.Expr{SQL: "1 + ?", Vars: []any{0.5}}})
	})
	w.done("create selected", nil, func() *gorm.DB { return w.db.Select("Name", "Age").Create(pointer(newUser("selected", 41))) })
	w.done("create omitting", nil, func() *gorm.DB { return w.db.Omit("Email").Create(pointer(newUser("omitting", 42))) })
	w.done("hook that refuses", nil, func() *gorm.DB { return w.db.Create(pointer(newUser("refused", 1))) })
	w.done("duplicate", nil, func() *gorm.DB { return w.db.Create(pointer(newUser("alice", 31))) })
	w.done("check", nil, func() *gorm.DB { return w.db.Create(pointer(newUser("negative", -3))) })
	w.done("no such company", nil, func() *gorm.DB {
		u := newUser("employee", 33)
		u.CompanyCode = pointer("NONE")
		return w.db.Create(&u)
	})
	w.done("first or create", nil, func() *gorm.DB {
		var u User
		return w.db.Where(User{Name: "maybe"}).Attrs(User{Age: 18}).FirstOrCreate(&u)
	})
	w.done("first or create again", nil, func() *gorm.DB {
		var u User
		return w.db.Where(User{Name: "maybe"}).Assign(User{Age: 19}).FirstOrCreate(&u)
	})
}

// find is a step that reads users.
func (w *work) find(name string, query func(*gorm.DB) *gorm.DB) {
	var found []User
	w.done(name, &found, func() *gorm.DB { return query(w.db).Find(&found) })
}

func (w *work) read() {
	w.find("all", func(q *gorm.DB) *gorm.DB { return q.Order("id") })
	w.find("equal", func(q *gorm.DB) *gorm.DB { return q.Where("name = ?", "ALICE") })
	w.find("struct", func(q *gorm.DB) *gorm.DB { return q.Where(&User{Age: 25}) })
	w.find("map", func(q *gorm.DB) *gorm.DB {
		return q.Where(map[string]any{"age": []int{21, 22}, "active": true}).Order("name")
	})
	w.find("in", func(q *gorm.DB) *gorm.DB {
		return q.Where("name IN ?", []string{"user 01", "user 03", "none"}).Order("id")
	})
	w.find("like", func(q *gorm.DB) *gorm.DB { return q.Where("email LIKE ?", "user%1@%").Order("id") })
	w.find("range", func(q *gorm.DB) *gorm.DB {
		return q.Where("age BETWEEN ? AND ?", 22, 24).Or("balance > ?", 299).Order("age DESC, id")
	})
	w.find("not", func(q *gorm.DB) *gorm.DB { return q.Not("age > ?", 21).Order("id") })
	w.find("page", func(q *gorm.DB) *gorm.DB { return q.Order("age, id").Limit(3).Offset(2) })
	w.find("selected", func(q *gorm.DB) *gorm.DB {
		return q.Select("id", "UPPER(name) AS name", "age + 1 AS age").Where("age < 23").Order("id")
	})
	w.find("preload", func(q *gorm.DB) *gorm.DB {
		return q.Preload(clause.Associations).Preload("Orders", func(q *gorm.DB) *gorm.DB { return q.Order("item") }).Where("age IN ?", []int{30, 20}).Order("id")
	})
	w.find("joins", func(q *gorm.DB) *gorm.DB {
		return q.Joins("Company").Joins("Profile").Where("users.age < 31").Order("users.id")
	})
	w.find("inner join", func(q *gorm.DB) *gorm.DB { return q.InnerJoins("Company", w.db.Where(&Company{Name: "Acme & Sons"})) })
	w.find("subquery", func(q *gorm.DB) *gorm.DB {
		return q.Where("age > (?)", w.db.Model(&User{}).Select("AVG(age)")).Order("id")
	})
	w.find("locked", func(q *gorm.DB) *gorm.DB {
		return q.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", "user 02")
	})
	w.step("count", func() (any, error) {
		var n, distinct int64
		err := w.db.Model(&User{}).Where("age > ?", 24).Count(&n).Distinct("zip").Count(&distinct).Error
		return []int64{n, distinct}, err
	})
	w.step("pluck", func() (any, error) {
		var names []string
		return &names, w.db.Model(&User{}).Order("name DESC").Limit(4).Pluck("name", &names).Error
	})
	w.step("group", func() (any, error) {
		var all []struct {
			Decade, N int
			Total     float64
		}
		return &all, w.db.Model(&User{}).Select("age DIV 10 AS decade, COUNT(*) AS n, SUM(balance) AS total").Group("decade").Having("n > ?", 1).Order("decade").Scan(&all).Error
	})
	w.step("in batches", func() (any, error) {
		var found []User
		var sizes []int
		err := w.db.Where("age < 30").FindInBatches(&found, 4, func(tx *gorm.DB, _ int) error {
			sizes = append(sizes, len(found))
			return nil
		}).Error
		return sizes, err
	})
	w.step("rows", func() (any, error) { return w.iterate() })
	w.find("none", func(q *gorm.DB) *gorm.DB { return q.Where("name = ?", "nobody") })
	w.done("first of none", nil, func() *gorm.DB { return w.db.First(&User{}, "name = ?", "nobody") })
	w.find("no such column", func(q *gorm.DB) *gorm.DB { return q.Where("nosuch = ?", 1) })
}

func (w *work) iterate() (any, error) {
	rows, err := w.db.Model(&User{}).Order("id").Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var u User
		if err := w.db.ScanRows(rows, &u); err != nil {
			return all, err
		}
		all = append(all, u.Name+" "+u.Balance)
	}
	return all, rows.Err()
}

func (w *work) update() {
	user := func(name string) *User {
		var u User
		w.db.Where("name = ?", name).Take(&u)
		return &u
	}
	w.done("save", nil, func() *gorm.DB {
		u := user("user 01")
		u.Notes, u.Age = "saved", 61
		return w.db.Save(u)
	})
	w.done("update one column", nil, func() *gorm.DB { return w.db.Model(user("user 02")).Update("name", "renamed") })
	w.done("updates by struct", nil, func() *gorm.DB { return w.db.Model(user("renamed")).Updates(User{Age: 62, Notes: "by struct"}) })
	w.done("updates by map", nil, func() *gorm.DB {
		return w.db.Model(user("user 03")).Updates(map[string]any{"age": gorm.Expr("age * ? + ?", 2, 1), "balance": gorm.Expr("balance - 0.01"), "email": nil})
	})
	w.done("update many", nil, func() *gorm.DB {
		return w.db.Model(&User{}).Where("age < ?", 25).Update("notes", gorm.Expr("CONCAT(notes, ?)", " more"))
	})
	w.done("update to the same", nil, func() *gorm.DB { return w.db.Model(&User{}).Where("age = 61").UpdateColumn("age", 61) })
	w.done("update without conditions", nil, func() *gorm.DB { return w.db.Model(&User{}).Update("age", 1) })
	w.done("update to a duplicate", nil, func() *gorm.DB { return w.db.Model(user("user 04")).Update("name", "alice") })
	w.done("update against the check", nil, func() *gorm.DB { return w.db.Model(user("user 04")).Update("age", -1) })
	w.done("update from a subquery", nil, func() *gorm.DB {
		return w.db.Model(&User{}).Where("name = ?", "alice").Update("notes", w.db.Model(&Company{}).Select("name").Where("companies.code = users.company_code"))
	})
	w.find("after updates", func(q *gorm.DB) *gorm.DB { return q.Order("id") })
}
