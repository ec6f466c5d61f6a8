package matrix

import "errors"

// Renew drops the job's database and makes it anew, over the job's own port.
func Renew(j *Job) (err error) {
	db, err := open(j, "", Text, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + j.Database, "CREATE DATABASE " + j.Database + " DEFAULT CHARACTER SET utf8mb4"} {
		if _, err := db.Exec(sql); err != nil {
			return err
		}
	}
	return nil
}
