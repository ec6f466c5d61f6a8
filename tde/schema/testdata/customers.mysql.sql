CREATE TABLE IF NOT EXISTS `shop`.`customers` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `email` VARBINARY(435) NOT NULL COMMENT 'tdeproxy1:1.y',
  `na``me` VARBINARY(235) NULL,
  `note` LONGBLOB NULL,
  `hidden` VARBINARY(43) NOT NULL INVISIBLE,
  `region` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT _utf8mb4 x'4f275c',
  `_tde_eq_email` BINARY(16) NOT NULL INVISIBLE,
  `_tde_eq_na``me` BINARY(16) NULL DEFAULT NULL INVISIBLE,
  PRIMARY KEY (`id`),
  UNIQUE KEY `mail` (`_tde_eq_email`),
  KEY `by name` (`region`(3) DESC, `_tde_eq_na``me`) INVISIBLE,
  CONSTRAINT `_tde_cell_0102030405060708090a0b0c0d0e0f10_2` CHECK (`email` <> ''),
  CONSTRAINT `_tde_eq_0102030405060708090a0b0c0d0e0f10_2` CHECK (`_tde_eq_email` <> x'00000000000000000000000000000000'),
  CONSTRAINT `_tde_eq_0102030405060708090a0b0c0d0e0f10_3` CHECK ((`na``me` IS NULL) = (`_tde_eq_na``me` IS NULL)),
  CONSTRAINT `_tde_cell_0102030405060708090a0b0c0d0e0f10_5` CHECK (`hidden` <> '')
) ENGINE=InnoDB AUTO_INCREMENT=100 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci ROW_FORMAT=DYNAMIC COMMENT='tdeproxy1:x'
