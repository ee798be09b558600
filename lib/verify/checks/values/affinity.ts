/** What the API server refuses about where pods may run. */
import { at, isObject, listAt, objectAt, textAt } from '../../model.ts';
import { atLeast, checkSelectorValues, KEY, oneOf, type Path, type Refuse } from './formats.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Refuses what is wrong with `affinity` and `topologySpreadConstraints` of the pod `spec` at `path`. */
export function checkPlaces(path: Path, spec: unknown, refuse: Refuse): void {
  const node: Path = [...path, 'affinity', 'nodeAffinity'];
  const { [REQUIRED]: required, [PREFERRED]: preferred } = objectAt(
    spec,
    'affinity',
    'nodeAffinity',
  );
  if (isObject(required)) {
    const field = [...node, REQUIRED, 'nodeSelectorTerms'];
    const terms = listAt(required, 'nodeSelectorTerms');
    if (terms.length === 0)
      refuse(field, 'Required value: must have at least one node selector term');
    for (const [n, term] of terms.entries()) checkTerm([...field, n], term, refuse);
  }
  for (const [n, one] of (Array.isArray(preferred) ? preferred : []).entries()) {
    checkWeight([...node, PREFERRED, n], one, refuse);
    checkTerm([...node, PREFERRED, n, 'preference'], at(one, 'preference'), refuse);
  }
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const field: Path = [...path, 'affinity', kind];
    const rules = objectAt(spec, 'affinity', kind);
    for (const [n, term] of listAt(rules, REQUIRED).entries())
      checkPodTerm([...field, REQUIRED, n], term, refuse);
    for (const [n, one] of listAt(rules, PREFERRED).entries()) {
      checkWeight([...field, PREFERRED, n], one, refuse);
      checkPodTerm([...field, PREFERRED, n, 'podAffinityTerm'], at(one, 'podAffinityTerm'), refuse);
    }
  }
  for (const [n, one] of listAt(spec, 'topologySpreadConstraints').entries())
    checkSpread([...path, 'topologySpreadConstraints', n], one, refuse);
}

function checkWeight(path: Path, rule: unknown, refuse: Refuse): void {
  const weight = at(rule, 'weight');
  if (typeof weight === 'number' && (weight < 1 || weight > 100))
    refuse([...path, 'weight'], `Invalid value: ${weight}: must be in the range 1-100`);
}

/** How many values an expression about a node needs. */
const VALUES: { readonly [operator: string]: 'some' | 'none' | 'one' } = {
  ...{ In: 'some', NotIn: 'some', Exists: 'none', DoesNotExist: 'none', Gt: 'one', Lt: 'one' },
};

function checkTerm(path: Path, term: unknown, refuse: Refuse): void {
  for (const [n, one] of listAt(term, 'matchExpressions').entries()) {
    const field = [...path, 'matchExpressions', n];
    const operator = textAt(one, 'operator') ?? '';
    const [needs, count] = [VALUES[operator], listAt(one, 'values').length];
    const key = textAt(one, 'key') ?? '';
    if (!KEY.test(key)) refuse([...field, 'key'], `Invalid value: "${key}": must be a label key`);
    if (needs === undefined)
      refuse([...field, 'operator'], `Invalid value: "${operator}": not a valid selector operator`);
    else if (needs === 'some' && count === 0)
      refuse(
        [...field, 'values'],
        "Required value: must be specified when `operator` is 'In' or 'NotIn'",
      );
    else if (needs === 'none' && count > 0)
      refuse(
        [...field, 'values'],
        "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      );
    else if (needs === 'one' && count !== 1)
      refuse(
        [...field, 'values'],
        "Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      );
  }
}

function checkPodTerm(path: Path, term: unknown, refuse: Refuse): void {
  for (const key of ['labelSelector', 'namespaceSelector'])
    checkSelectorValues([...path, key], at(term, key), refuse);
  const topology = textAt(term, 'topologyKey') ?? '';
  if (!KEY.test(topology))
    refuse(
      [...path, 'topologyKey'],
      topology === ''
        ? 'Required value: can not be empty'
        : `Invalid value: "${topology}": must be a label key`,
    );
}

function checkSpread(field: Path, rule: unknown, refuse: Refuse): void {
  atLeast(1, field, rule, ['maxSkew', 'minDomains'], refuse);
  const when = at(rule, 'whenUnsatisfiable');
  oneOf([...field, 'whenUnsatisfiable'], when, ['DoNotSchedule', 'ScheduleAnyway'], refuse);
  const domains = at(rule, 'minDomains');
  if (typeof domains === 'number' && when !== 'DoNotSchedule')
    refuse(
      [...field, 'minDomains'],
      `Invalid value: ${domains}: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when}`,
    );
  if (listAt(rule, 'matchLabelKeys').length > 0 && !isObject(at(rule, 'labelSelector')))
    refuse(
      [...field, 'matchLabelKeys'],
      'Forbidden: must not be specified when labelSelector is not set',
    );
  for (const key of ['nodeAffinityPolicy', 'nodeTaintsPolicy'])
    oneOf([...field, key], at(rule, key), ['Honor', 'Ignore'], refuse);
  checkSelectorValues([...field, 'labelSelector'], at(rule, 'labelSelector'), refuse);
}
