import { FluxGenerator } from '../../lib/generator.ts';

export default class ScenarioRepoGenerator extends FluxGenerator {
  readonly command = 'scenario-repo';
}
