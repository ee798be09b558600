/** What the API server refuses about the values of a HorizontalPodAutoscaler. */
import { amountOf } from '../../admission/quantity.ts';
import { at, isObject, listAt, type Manifest, objectAt, textAt } from '../../model.ts';
import { oneOf, type Path, type Refuse } from './formats.ts';

const METRICS: { readonly [type: string]: string } = {
  ...{ Resource: 'resource', Pods: 'pods', Object: 'object', External: 'external' },
  ContainerResource: 'containerResource',
};

/** Refuses what is wrong with the values of a HorizontalPodAutoscaler. */
export function checkScale({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  const least = spec.minReplicas ?? 1;
  const most = Number(spec.maxReplicas ?? 0);
  if (typeof least === 'number' && least < 1)
    refuse(['spec', 'minReplicas'], `Invalid value: ${least}: must be greater than or equal to 1`);
  if (most < 1) refuse(['spec', 'maxReplicas'], `Invalid value: ${most}: must be greater than 0`);
  else if (most < Number(least))
    refuse(
      ['spec', 'maxReplicas'],
      `Invalid value: ${most}: must be greater than or equal to \`minReplicas\``,
    );
  const percent = spec.targetCPUUtilizationPercentage;
  if (typeof percent === 'number' && percent < 1)
    refuse(
      ['spec', 'targetCPUUtilizationPercentage'],
      `Invalid value: ${percent}: must be greater than 0`,
    );
  const kind = textAt(spec, 'scaleTargetRef', 'kind') ?? '';
  if (kind.includes('/'))
    refuse(['spec', 'scaleTargetRef', 'kind'], `Invalid value: "${kind}": may not contain '/'`);
  for (const [n, metric] of listAt(spec, 'metrics').entries())
    checkMetric(['spec', 'metrics', n], metric, refuse);
  for (const direction of ['scaleUp', 'scaleDown'])
    checkBehavior(['spec', 'behavior', direction], at(spec, 'behavior', direction), refuse);
}

function checkMetric(field: Path, metric: unknown, refuse: Refuse): void {
  const type = textAt(metric, 'type') ?? '';
  const key = METRICS[type];
  if (key === undefined) oneOf([...field, 'type'], type || 'none', Object.keys(METRICS), refuse);
  else if (!isObject(at(metric, key)))
    refuse(
      [...field, key],
      'Required value: must populate information for the given metric source',
    );
  else if (/^(pods|object|external)$/.test(key) && at(metric, key, 'metric', 'name') === '')
    refuse([...field, key, 'metric', 'name'], 'Required value: must specify a metric name');
  else if (key === 'containerResource' && at(metric, key, 'container') === '')
    refuse([...field, key, 'container'], 'Required value: must specify a container');
  else checkTarget(key, [...field, key, 'target'], objectAt(metric, key, 'target'), refuse);
}

function checkTarget(
  metric: string,
  field: Path,
  target: { readonly [key: string]: unknown },
  refuse: Refuse,
): void {
  const { type, averageUtilization, averageValue } = target;
  if (type !== undefined && !/^(Utilization|Value|AverageValue)$/.test(String(type)))
    refuse(
      [...field, 'type'],
      `Invalid value: "${type}": must be either Utilization, Value, or AverageValue`,
    );
  if (typeof averageUtilization === 'number' && averageUtilization < 1)
    refuse(
      [...field, 'averageUtilization'],
      `Invalid value: ${averageUtilization}: must be greater than 0`,
    );
  if (averageValue !== undefined && (amountOf(averageValue) ?? 1) <= 0)
    refuse([...field, 'averageValue'], `Invalid value: "${averageValue}": must be positive`);
  if (metric === 'pods' && averageValue === undefined)
    refuse(
      [...field, 'averageValue'],
      'Required value: must specify a positive target averageValue',
    );
  if (metric === 'external') {
    if (target.value === undefined && averageValue === undefined)
      refuse(
        [...field, 'averageValue'],
        'Required value: must set either a target value for metric or a per-pod target',
      );
    if (target.value !== undefined && averageValue !== undefined)
      refuse(
        [...field, 'value'],
        'Forbidden: may not set both a target value for metric and a per-pod target',
      );
  }
  if (!/^(resource|containerResource)$/.test(metric)) return;
  if (averageUtilization === undefined && averageValue === undefined)
    refuse(
      [...field, 'averageUtilization'],
      'Required value: must set either a target raw value or a target utilization',
    );
  if (averageUtilization !== undefined && averageValue !== undefined)
    refuse(
      [...field, 'averageValue'],
      'Forbidden: may not set both a target raw value and a target utilization',
    );
}

function checkBehavior(field: Path, rules: unknown, refuse: Refuse): void {
  const seconds = at(rules, 'stabilizationWindowSeconds');
  if (typeof seconds === 'number' && seconds > 3600)
    refuse(
      [...field, 'stabilizationWindowSeconds'],
      `Invalid value: ${seconds}: must be less than or equal to 3600`,
    );
  if (typeof seconds === 'number' && seconds < 0)
    refuse(
      [...field, 'stabilizationWindowSeconds'],
      `Invalid value: ${seconds}: must be greater than or equal to zero`,
    );
  oneOf([...field, 'selectPolicy'], at(rules, 'selectPolicy'), ['Disabled', 'Max', 'Min'], refuse);
  const policies = at(rules, 'policies');
  if (Array.isArray(policies) && policies.length === 0)
    refuse([...field, 'policies'], 'Required value: must specify at least one Policy');
  for (const [n, policy] of listAt(rules, 'policies').entries()) {
    const path = [...field, 'policies', n];
    oneOf([...path, 'type'], at(policy, 'type'), ['Percent', 'Pods'], refuse);
    for (const [key, most] of [
      ['value', Number.POSITIVE_INFINITY],
      ['periodSeconds', 1800],
    ] as const) {
      const number = at(policy, key);
      if (typeof number !== 'number') continue;
      if (number <= 0)
        refuse([...path, key], `Invalid value: ${number}: must be greater than zero`);
      else if (number > most)
        refuse([...path, key], `Invalid value: ${number}: must be less than or equal to ${most}`);
    }
  }
}
