CREATE DATABASE mysql;
USE mysql;
CREATE TABLE time_zone_name (Name char(64) NOT NULL, Time_zone_id int unsigned NOT NULL, PRIMARY KEY (Name)) ENGINE=Aria TRANSACTIONAL=0 CHARACTER SET utf8mb3;
CREATE TABLE time_zone (Time_zone_id int unsigned NOT NULL AUTO_INCREMENT, Use_leap_seconds enum('Y','N') DEFAULT 'N' NOT NULL, PRIMARY KEY (Time_zone_id)) ENGINE=Aria TRANSACTIONAL=0 CHARACTER SET utf8mb3;
CREATE TABLE time_zone_transition (Time_zone_id int unsigned NOT NULL, Transition_time bigint NOT NULL, Transition_type_id int unsigned NOT NULL, PRIMARY KEY (Time_zone_id, Transition_time)) ENGINE=Aria TRANSACTIONAL=0 CHARACTER SET utf8mb3;
CREATE TABLE time_zone_transition_type (Time_zone_id int unsigned NOT NULL, Transition_type_id int unsigned NOT NULL, `Offset` int DEFAULT 0 NOT NULL, Is_DST tinyint unsigned DEFAULT 0 NOT NULL, Abbreviation char(8) DEFAULT '' NOT NULL, PRIMARY KEY (Time_zone_id, Transition_type_id)) ENGINE=Aria TRANSACTIONAL=0 CHARACTER SET utf8mb3;
CREATE TABLE time_zone_leap_second (Transition_time bigint NOT NULL, Correction int NOT NULL, PRIMARY KEY (Transition_time)) ENGINE=Aria TRANSACTIONAL=0 CHARACTER SET utf8mb3;
