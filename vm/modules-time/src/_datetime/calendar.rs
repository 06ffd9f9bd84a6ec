//! The proleptic Gregorian calendar: days of years and months, ordinals, weeks.

pub const MINYEAR: i32 = 1;
pub const MAXYEAR: i32 = 9999;
/// The ordinal of the last day that a date tells.
pub const MAXORDINAL: i32 = 3_652_059;

const DAYS_BEFORE_MONTH: [i32; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_IN_MONTH: [i32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i32, month: i32) -> i32 {
    DAYS_IN_MONTH[month as usize] + i32::from(month == 2 && is_leap(year))
}

pub fn days_before_month(year: i32, month: i32) -> i32 {
    DAYS_BEFORE_MONTH[month as usize] + i32::from(month > 2 && is_leap(year))
}

pub fn days_before_year(year: i32) -> i32 {
    let y = year - 1;
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400)
}

/// The number of a day, counted from 1 January of year 1.
pub fn ordinal(year: i32, month: i32, day: i32) -> i32 {
    days_before_year(year) + days_before_month(year, month) + day
}

/// Year, month and day of an ordinal.
pub fn from_ordinal(ordinal: i32) -> (i32, i32, i32) {
    let n = ordinal - 1;
    let (n400, n) = (n / 146_097, n % 146_097);
    let (n100, n) = (n / 36_524, n % 36_524);
    let (n4, n) = (n / 1_461, n % 1_461);
    let (n1, n) = (n / 365, n % 365);
    let year = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
    if n1 == 4 || n100 == 4 {
        return (year - 1, 12, 31);
    }
    let mut month = (n + 50) >> 5;
    if days_before_month(year, month) > n {
        month -= 1;
    }
    (year, month, n - days_before_month(year, month) + 1)
}

/// The day of the week, Monday being 0.
pub fn weekday(year: i32, month: i32, day: i32) -> i32 {
    (ordinal(year, month, day) + 6) % 7
}

/// The ordinal of the Monday that begins the first ISO week of a year.
fn first_monday(year: i32) -> i32 {
    let first = ordinal(year, 1, 1);
    let day = (first + 6) % 7;
    let monday = first - day;
    if day > 3 { monday + 7 } else { monday }
}

/// ISO year, week and weekday.
pub fn iso_calendar(year: i32, month: i32, day: i32) -> (i32, i32, i32) {
    let today = ordinal(year, month, day);
    let mut year = year;
    let mut monday = first_monday(year);
    let mut week = (today - monday).div_euclid(7);
    if week < 0 {
        year -= 1;
        monday = first_monday(year);
        week = (today - monday).div_euclid(7);
    } else if week >= 52 && today >= first_monday(year + 1) {
        year += 1;
        week = 0;
        monday = first_monday(year);
    }
    (year, week + 1, (today - monday) % 7 + 1)
}

/// What is wrong with an ISO date.
pub enum IsoTrouble {
    Year,
    Week,
    Day,
}

/// The date of an ISO year, week and weekday.
pub fn from_iso_calendar(year: i32, week: i32, day: i32) -> Result<(i32, i32, i32), IsoTrouble> {
    if !(MINYEAR..=MAXYEAR).contains(&year) {
        return Err(IsoTrouble::Year);
    }
    if !(1..53).contains(&week) {
        let first = weekday(year, 1, 1);
        let long = first == 3 || first == 2 && is_leap(year);
        if week != 53 || !long {
            return Err(IsoTrouble::Week);
        }
    }
    if !(1..8).contains(&day) {
        return Err(IsoTrouble::Day);
    }
    let ordinal = first_monday(year) + (week - 1) * 7 + day - 1;
    if !(1..=MAXORDINAL).contains(&ordinal) {
        let year = if ordinal < 1 { 0 } else { MAXYEAR + 1 };
        return Ok((year, 1, 1));
    }
    Ok(from_ordinal(ordinal))
}
