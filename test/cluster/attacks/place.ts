import type { ControlPlane } from '../control-plane.ts';
import type { Install } from '../flux.ts';
import type { Processes } from '../processes.ts';
import type { FileServer } from './file-server.ts';
import type { Lines } from './lines.ts';

/** Where the fight takes place. */
export type Place = {
  run: Processes;
  plane: ControlPlane;
  files: FileServer;
  lines: Lines;
  controllers: readonly string[];
  /** What the command wrote, as far as it was applied; the ports of the Web UI and of the metrics. */
  install: Install;
  web: number;
  metrics: number;
  lap: (what: string) => void;
};
