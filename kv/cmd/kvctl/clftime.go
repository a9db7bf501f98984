package main

import (
	"strings"
	"time"
)

// Where the parts of a log's time stand, behind its bracket.
//
//	17/May/2015:10:05:03 +0000]
//	0  3   7    12 15 18 21
const (
	logTimeLen = len("17/May/2015:10:05:03 +0000")
	logMonths  = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// bracketedTime cuts "[time]" and the space after it off a line.
func bracketedTime(line []byte) (t time.Time, rest []byte, err error) {
	end := 1 + logTimeLen
	if len(line) <= end || line[0] != '[' || line[end] != ']' {
		return t, nil, badLine("no time in brackets")
	}
	t, ok := parseLogTime(line[1:end])
	if !ok {
		return t, nil, badLine("bad time")
	}
	rest = line[end+1:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return t, rest, nil
}

// parseLogTime reads a time of logTimeLen bytes. It refuses years outside
// 1970 to 2199, which the store can count in nanoseconds, and days the month
// does not have. A leap second is the next one.
func parseLogTime(s []byte) (t time.Time, ok bool) {
	if s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' || s[17] != ':' || s[20] != ' ' {
		return t, false
	}
	month := strings.Index(logMonths, string(s[3:6]))
	if month < 0 || month%3 != 0 {
		return t, false
	}
	day, ok1 := within(s[0:2], 1, 31)
	year, ok2 := within(s[7:11], 1970, 2199)
	hour, ok3 := within(s[12:14], 0, 23)
	minute, ok4 := within(s[15:17], 0, 59)
	second, ok5 := within(s[18:20], 0, 60)
	east, ok6 := parseOffset(s[21:26])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) {
		return t, false
	}
	date := time.Date(year, time.Month(month/3+1), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day {
		return t, false
	}
	sinceMidnight := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	return date.Add(sinceMidnight - east), true
}

// parseOffset reads how far east of UTC a time is, such as +0130.
func parseOffset(s []byte) (east time.Duration, ok bool) {
	hours, ok1 := within(s[1:3], 0, 23)
	minutes, ok2 := within(s[3:5], 0, 59)
	east = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		east = -east
	}
	return east, ok1 && ok2 && (s[0] == '+' || s[0] == '-')
}

// within reads a decimal number in [least, most].
func within(field []byte, least, most int64) (n int, ok bool) {
	v, ok := digits(field)
	return int(v), ok && least <= v && v <= most
}
