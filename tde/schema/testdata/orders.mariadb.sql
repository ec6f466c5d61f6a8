CREATE TABLE IF NOT EXISTS `shop`.`orders` (
  `number` VARBINARY(43) NOT NULL,
  `customer` bigint unsigned NULL DEFAULT NULL COMMENT 'tdeproxy1:1.y',
  `mail` VARBINARY(435) NULL,
  `_tde_eq_number` BINARY(16) NOT NULL INVISIBLE DEFAULT '',
  `_tde_eq_mail` BINARY(16) NULL DEFAULT NULL INVISIBLE,
  PRIMARY KEY (`_tde_eq_number`),
  KEY `customer` (`customer`),
  KEY `mail` (`_tde_eq_mail`),
  CONSTRAINT `by_id` FOREIGN KEY (`customer`) REFERENCES `customers` (`id`) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT `by_mail` FOREIGN KEY (`_tde_eq_mail`) REFERENCES `customers` (`_tde_eq_email`) ON DELETE CASCADE,
  CONSTRAINT `_tde_cell_02000000000000000000000000000000_1` CHECK (`number` <> ''),
  CONSTRAINT `_tde_eq_02000000000000000000000000000000_1` CHECK (`_tde_eq_number` <> x'00000000000000000000000000000000'),
  CONSTRAINT `_tde_eq_02000000000000000000000000000000_3` CHECK ((`mail` IS NULL) = (`_tde_eq_mail` IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci ROW_FORMAT=DYNAMIC COMMENT='tdeproxy1:x'
