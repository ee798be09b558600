import { type Environment, Optional } from '@marcbachmann/cel-js';

/** The parts of cel-js that a macro with a variable of its own needs. Its types do not describe them. */
type Scope = {
  readonly forkWithVariable: (name: string, type: unknown) => Scope;
  readonly reuse: (parent: Scope) => Scope;
  readonly setIterValue: (value: unknown, evaluator: Evaluator) => Scope;
};
type Checker = {
  readonly check: (node: unknown, scope: Scope) => unknown;
  readonly getType: (name: string) => unknown;
};
type Evaluator = { readonly run: (node: unknown, scope: Scope) => unknown };
type Node = { readonly op: string; readonly args: unknown };
type Call = { readonly args: readonly Node[]; readonly receiver: Node };
type Macro = Call & { scope?: Scope };

/** Adds `optMap` and `optFlatMap`, which the API server has and cel-js lacks: a value of an optional, if it has one. */
export function registerOptionalMaps(environment: Environment): void {
  environment
    .registerFunction('optional.optMap(ast, ast): optional<dyn>', (call: Call) =>
      macroOf(call, (value) => Optional.of(value)),
    )
    .registerFunction('optional.optFlatMap(ast, ast): optional<dyn>', (call: Call) =>
      macroOf(call, (value) => value),
    );
}

function macroOf({ args, receiver }: Call, wrap: (value: unknown) => unknown) {
  const [variable, body] = args;
  return {
    ...{ args, receiver },
    typeCheck(checker: Checker, macro: Macro, scope: Scope): unknown {
      if (variable?.op !== 'id') throw new Error('optMap needs the name of a variable');
      checker.check(receiver, scope);
      macro.scope = scope.forkWithVariable(String(variable.args), checker.getType('dyn'));
      checker.check(body, macro.scope);
      return checker.getType('optional');
    },
    evaluate(evaluator: Evaluator, macro: Macro, scope: Scope): unknown {
      const found = evaluator.run(receiver, scope);
      if (!(found instanceof Optional) || macro.scope === undefined)
        throw new Error('optMap needs an optional');
      if (!found.hasValue()) return found;
      const inner = macro.scope.reuse(scope).setIterValue(found.value(), evaluator);
      return wrap(evaluator.run(body, inner));
    },
  };
}
