// Dates as HTTP writes them: the one form that is sent today and the two old ones that must still be read (RFC 9110, 5.6.7).

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const FIXDATE = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`);
const RFC850 = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`);
const LONGEST = 40;

/** Milliseconds since the epoch; undefined when it is no date. */
export function parseHttpDate(text: string): number | undefined {
  if (text.length > LONGEST) return undefined;
  const fixdate = FIXDATE.exec(text);
  if (fixdate !== null) return moment(fixdate[3]!, fixdate[2]!, fixdate[1]!, fixdate.slice(4));
  const old = RFC850.exec(text);
  if (old !== null) return moment(fullYear(Number(old[3])), old[2]!, old[1]!, old.slice(4));
  const asctime = ASCTIME.exec(text);
  if (asctime !== null) return moment(asctime[6]!, asctime[1]!, asctime[2]!, asctime.slice(3, 6));
  return undefined;
}

const fullYear = (year: number): string => String(year < 70 ? 2000 + year : 1900 + year);

function moment(year: string, monthName: string, dayText: string, time: readonly string[]): number | undefined {
  const month = MONTHS.indexOf(monthName);
  const day = Number(dayText);
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const start = Date.UTC(Number(year), month, day);
  // A day that the month does not have would be moved to the next month.
  if (new Date(start).getUTCDate() !== day) return undefined;
  return start + ((hour * 60 + minute) * 60 + second) * 1000;
}
