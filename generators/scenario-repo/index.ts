import { FluxGenerator } from '../../lib/io/generator.ts';

export default class ScenarioRepoGenerator extends FluxGenerator {
  readonly command = 'scenario-repo';
}
