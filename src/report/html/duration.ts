const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function some(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

/** A span of time in the one or two units that matter: `11 minutes`, `9 days`, `3 years 5 months`. */
export function describeDuration(milliseconds: number): string {
  const span = Math.abs(milliseconds);
  if (span < minute) return "less than a minute";
  if (span < hour) return some(Math.floor(span / minute), "minute");
  if (span < 2 * day) return some(Math.floor(span / hour), "hour");
  const days = Math.floor(span / day);
  if (days < 60) return some(days, "day");
  const months = Math.floor(span / (30.4375 * day));
  if (months < 12) return some(months, "month");
  const years = Math.floor(months / 12);
  return months % 12 === 0 ? some(years, "year") : `${some(years, "year")} ${some(months % 12, "month")}`;
}

/** A mark on the axis of time. */
export interface Tick {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly label: string;
}

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** At most `most` marks between two times, at whole years, months, days or hours, in UTC. */
export function timeTicks(from: number, to: number, most: number): Tick[] {
  const span = to - from;
  if (!(span > 0)) return [];
  for (const months of [1, 3, 6, 12, 24, 60, 120]) {
    if (span / (months * 30.4375 * day) > most || span < 2 * 30.4375 * day) continue;
    const ticks: Tick[] = [];
    const start = new Date(from);
    const first = start.getUTCFullYear() * 12 + start.getUTCMonth() + 1;
    for (let month = Math.ceil(first / months) * months; ; month += months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
      if (at > to) return ticks;
      const year = Math.floor(month / 12);
      ticks.push({
        at,
        label:
          month % 12 === 0
            ? String(year)
            : `${monthNames[month % 12]}${months < 12 && span > 330 * day ? "" : ` ${year}`}`,
      });
    }
  }
  for (const step of [minute, 10 * minute, hour, 3 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day]) {
    if (span / step > most) continue;
    const ticks: Tick[] = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const iso = new Date(at).toISOString();
      ticks.push({
        at,
        label:
          step < day ? iso.slice(11, 16) : `${Number(iso.slice(8, 10))} ${monthNames[Number(iso.slice(5, 7)) - 1]}`,
      });
    }
    return ticks;
  }
  return [];
}
