package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// customer is one row. The values are made up.
type customer struct {
	id                      int64
	name, email, card, city string
	birthday                string
	balance                 string
	note                    string
}

var (
	firstNames = strings.Fields("Adele Amir Anika Anton Aylin Beatrix Bruno Carla Chiara Dario Dilek Elias Emeka Enya Farid Fiona Gesa Goran Hanna Hiro Ines Ivo Jada Jonas Kaia Karim Lena Levi Lucía Malik Mara Mateo Nadia Nils Olga Oskar Paula Pavel Quinn Rafael Rosa Samir Selma Tariq Thea Uma Urs Vera Viktor Wanda Xenia Yara Zoë")
	lastNames  = strings.Fields("Abbas Achterberg Baumann Bianchi Carvalho Cohen Dimitrov Dubois Eriksson Espinoza Fischer Fontana García Grünwald Haddad Hofstetter Ibrahim Ivanova Jansen Jørgensen Kaczmarek Keller Kovács Lefèvre Lindqvist Marchetti Meierhans Nakamura Novak O'Brien Oberholzer Petrescu Popov Quispe Rasmussen Ruiz Schneider Silva Takahashi Thorvald Ulrich Urbina Vasquez Vogel Weber Winkler Xu Yılmaz Zbinden Zimmermann")
	cities     = []string{"Zürich", "Genève", "Basel", "Wien", "Kraków", "Lisboa", "København", "Göteborg", "Napoli", "Lyon", "Antwerpen", "Ljubljana"}
	hosts      = []string{"example.com", "example.org", "example.net"}
)

// people makes n customers whose e-mail addresses and cards are unique.
func people(n int) []customer {
	all := make([]customer, n)
	for i := range all {
		first, last := firstNames[rand.IntN(len(firstNames))], lastNames[rand.IntN(len(lastNames))]
		all[i] = customer{
			id:       int64(i + 1),
			name:     first + " " + last,
			email:    fmt.Sprintf("%s.%s%d@%s", ascii(first), ascii(last), 1000+i*7, hosts[rand.IntN(len(hosts))]),
			card:     card(i),
			city:     cities[rand.IntN(len(cities))],
			birthday: fmt.Sprintf("%d-%02d-%02d", 1940+rand.IntN(66), 1+rand.IntN(12), 1+rand.IntN(28)),
			balance:  fmt.Sprintf("%d.%02d", rand.IntN(20_000), rand.IntN(100)),
			note:     fmt.Sprintf("asked for a call back under +41 79 %03d %02d %02d", rand.IntN(1000), rand.IntN(100), rand.IntN(100)),
		}
	}
	return all
}

// card makes a number that passes the Luhn check; i makes it unique.
func card(i int) string {
	digits := fmt.Sprintf("4%08d%06d", rand.IntN(100_000_000), i)
	sum := 0
	for k := range digits {
		d := int(digits[len(digits)-1-k] - '0')
		if k%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	digits += fmt.Sprint((10 - sum%10) % 10)
	return digits[:4] + " " + digits[4:8] + " " + digits[8:12] + " " + digits[12:]
}

// ascii is a name as it stands in an e-mail address.
func ascii(name string) string {
	replace := strings.NewReplacer("ü", "ue", "ø", "oe", "ó", "o", "í", "i", "á", "a", "è", "e", "ë", "e", "ı", "i", "'", "")
	return replace.Replace(strings.ToLower(name))
}
