import { FluxGenerator } from '../../lib/generator.ts';

export default class TenantGenerator extends FluxGenerator {
  readonly command = 'tenant';
}
