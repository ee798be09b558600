/** The schedule and the time zone of a CronJob, as the cron parser of Kubernetes reads them. */
import { at, type Manifest, textAt } from '../../model.ts';
import type { Refuse } from './formats.ts';

/** Refuses a schedule or time zone that is none. */
export function checkSchedule({ value }: Manifest, refuse: Refuse): void {
  const schedule = textAt(value, 'spec', 'schedule') ?? '';
  const fault = faultOf(schedule);
  if (fault !== undefined) refuse(['spec', 'schedule'], `Invalid value: "${schedule}": ${fault}`);
  const zone = at(value, 'spec', 'timeZone');
  if (typeof zone !== 'string' || isZone(zone)) return;
  const said = /^local$/i.test(zone)
    ? 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    : zone === ''
      ? 'timeZone must be nil or non-empty string'
      : `unknown time zone ${zone}`;
  refuse(['spec', 'timeZone'], `Invalid value: "${zone}": ${said}`);
}

/** The least and the most of each field, and its names in order. */
const FIELDS = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  {
    least: 1,
    most: 12,
    names: 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' '),
  },
  { least: 0, most: 6, names: 'sun mon tue wed thu fri sat'.split(' ') },
] as const;

const DURATION = /^([-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+|[-+]?0)$/;

/** What is wrong with `schedule`; undefined when nothing is. */
function faultOf(schedule: string): string | undefined {
  if (schedule.includes('TZ'))
    return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (schedule.startsWith('@')) {
    if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/.test(schedule))
      return undefined;
    if (!schedule.startsWith('@every ')) return `unrecognized descriptor: ${schedule}`;
    const duration = schedule.slice('@every '.length);
    return DURATION.test(duration) ? undefined : `failed to parse duration ${schedule}`;
  }
  const fields = schedule.trim().split(/\s+/).filter(Boolean);
  if (fields.length !== 5)
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [n, field] of fields.entries())
    for (const range of field.split(',').filter(Boolean)) {
      const fault = faultOfRange(range, FIELDS[n] ?? FIELDS[0]);
      if (fault !== undefined) return fault;
    }
  return undefined;
}

function faultOfRange(range: string, field: (typeof FIELDS)[number]): string | undefined {
  const [span = '', step, ...steps] = range.split('/');
  const [low = '', high, ...others] = span.split('-');
  const numberOf = (text: string): number => {
    const name = (field.names as readonly string[]).indexOf(text.toLowerCase());
    if (name >= 0) return name + field.least;
    return /^\+?\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const isAll = low === '*' || low === '?';
  const start = isAll ? field.least : numberOf(low);
  const end = isAll ? field.most : high === undefined ? start : numberOf(high);
  if (!isAll && others.length > 0) return `too many hyphens: ${range}`;
  if (Number.isNaN(start)) return `failed to parse int from ${low}`;
  if (Number.isNaN(end)) return `failed to parse int from ${high}`;
  if (steps.length > 0) return `too many slashes: ${range}`;
  if (step !== undefined && !/^\+?\d+$/.test(step)) return `failed to parse int from ${step}`;
  if (start < field.least)
    return `beginning of range (${start}) below minimum (${field.least}): ${range}`;
  const last = step !== undefined && high === undefined ? field.most : end;
  if (last > field.most) return `end of range (${last}) above maximum (${field.most}): ${range}`;
  if (start > last) return `beginning of range (${start}) beyond end of range (${last}): ${range}`;
  if (Number(step) === 0) return `step of range should be a positive number: ${range}`;
  return undefined;
}

/** The time zones by their name in lower case: Kubernetes looks for a file of exactly the name. */
const ZONES = new Map(Intl.supportedValuesOf('timeZone').map((zone) => [zone.toLowerCase(), zone]));

function isZone(zone: string): boolean {
  const known = ZONES.get(zone.toLowerCase());
  if (known !== undefined) return known === zone;
  // Names begin with a capital, and have no other words in lower case.
  if (!/^[A-Z]/.test(zone) || /^local$/i.test(zone)) return false;
  try {
    // Names of former times, such as US/Eastern, are not in the list.
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
