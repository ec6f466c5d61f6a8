package main

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

func (w *work) associate() {
	var alice User
	w.done("take", &alice, func() *gorm.DB { return w.db.Take(&alice, "name = ?", "alice") })
	of := func(name string) *gorm.Association { return w.db.Model(&alice).Association(name) }
	state := func(name string) {
		w.step(name, func() (any, error) {
			var u User
			err := w.db.Preload("Languages", func(q *gorm.DB) *gorm.DB { return q.Order("code") }).Preload("Orders").Preload("Company").Take(&u, alice.ID).Error
			return &u, err
		})
	}
	w.step("append", func() (any, error) {
		return nil, of("Languages").Append(&Language{Code: "it", Name: "Italiano"}, &Language{Code: "de", Name: "Deutsch"})
	})
	w.step("count", func() (any, error) { return []int64{of("Languages").Count(), of("Orders").Count()}, nil })
	state("appended")
	w.step("delete", func() (any, error) { return nil, of("Languages").Delete(&Language{Code: "fr"}) })
	state("deleted")
	w.step("replace", func() (any, error) { return nil, of("Languages").Replace(&Language{Code: "en", Name: "English"}) })
	state("replaced")
	w.step("find", func() (any, error) {
		var found []Order
		return &found, w.db.Model(&alice).Where("price > ?", 2000).Association("Orders").Find(&found)
	})
	w.step("change the company", func() (any, error) {
		return nil, of("Company").Replace(&Company{Code: "NEW", Name: "New & Co"})
	})
	state("company changed")
	w.done("company that is in use", nil, func() *gorm.DB { return w.db.Delete(&Company{Code: "NEW"}) })
	w.step("clear", func() (any, error) { return nil, of("Languages").Clear() })
	state("cleared")
}

func (w *work) transact() {
	order := func(item string) *Order { return &Order{UserID: 1, Item: item, Price: 5} }
	count := func() {
		w.step("orders", func() (any, error) { return w.rows("orders") })
	}
	w.step("commit", func() (any, error) {
		return nil, w.db.Transaction(func(tx *gorm.DB) error { return tx.Create(order("kept")).Error })
	})
	count()
	w.step("go back", func() (any, error) {
		return nil, w.db.Transaction(func(tx *gorm.DB) error {
			if err := tx.Create(order("lost")).Error; err != nil {
				return err
			}
			return errBack
		})
	})
	count()
	w.step("nested", func() (any, error) {
		return nil, w.db.Transaction(func(tx *gorm.DB) error {
			_ = tx.Create(order("outer")).Error
			_ = tx.Transaction(func(tx *gorm.DB) error {
				_ = tx.Create(order("inner")).Error
				return errBack
			})
			return tx.Transaction(func(tx *gorm.DB) error { return tx.Create(order("second inner")).Error })
		})
	})
	count()
	w.step("savepoints", func() (any, error) {
		tx := w.db.Begin()
		tx.Create(order("before"))
		tx.SavePoint("here")
		tx.Create(order("after"))
		tx.RollbackTo("here")
		return nil, tx.Commit().Error
	})
	count()
}

func (w *work) conflict() {
	companies := func(names ...string) *[]Company {
		var all []Company
		for _, n := range names {
			all = append(all, Company{Code: n, Name: "company " + n})
		}
		return &all
	}
	state := func() {
		w.step("companies", func() (any, error) {
			var all []Company
			return &all, w.db.Order("code").Find(&all).Error
		})
	}
	w.done("do nothing", nil, func() *gorm.DB {
		return w.db.Clauses(clause.OnConflict{DoNothing: true}).Create(companies("ACME", "B"))
	})
	state()
	w.done("update a column", nil, func() *gorm.DB {
		return w.db.Clauses(clause.OnConflict{DoUpdates: clause.AssignmentColumns([]string{"name"})}).Create(companies("ACME", "C"))
	})
	state()
	w.done("update all", nil, func() *gorm.DB {
		return w.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(companies("B", "C", "D"))
	})
	state()
	w.done("save", nil, func() *gorm.DB { return w.db.Save(&Company{Code: "D", Name: "saved"}) })
	w.done("save new", nil, func() *gorm.DB { return w.db.Save(&Company{Code: "E", Name: "saved, new"}) })
	state()
}

func (w *work) remove() {
	w.done("soft", nil, func() *gorm.DB { return w.db.Where("name = ?", "user 05").Delete(&User{}) })
	w.done("soft by model", nil, func() *gorm.DB {
		var u User
		w.db.Take(&u, "name = ?", "user 06")
		return w.db.Delete(&u)
	})
	w.find("without the deleted", func(q *gorm.DB) *gorm.DB { return q.Where("name LIKE ?", "user%").Order("id") })
	w.find("with the deleted", func(q *gorm.DB) *gorm.DB { return q.Unscoped().Where("name LIKE ?", "user%").Order("id") })
	w.done("for good", nil, func() *gorm.DB { return w.db.Unscoped().Where("name = ?", "user 05").Delete(&User{}) })
	w.done("one that is pointed at", nil, func() *gorm.DB { return w.db.Unscoped().Delete(&User{}, "name = ?", "alice") })
	w.done("with associations", nil, func() *gorm.DB {
		var u User
		w.db.Take(&u, "name = ?", "alice")
		return w.db.Unscoped().Select("Orders", "Profile", "Languages").Delete(&u)
	})
	w.done("without conditions", nil, func() *gorm.DB { return w.db.Delete(&Company{}) })
	w.done("all", nil, func() *gorm.DB { return w.db.Session(&gorm.Session{AllowGlobalUpdate: true}).Delete(&Language{}) })
	w.find("left", func(q *gorm.DB) *gorm.DB { return q.Unscoped().Order("id") })
}
