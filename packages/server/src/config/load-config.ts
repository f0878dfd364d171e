import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from './config.ts'
import { emptyFile, loadFile } from './load-file.ts'
import type { Environment } from './read-env.ts'
import { resolveConfig } from './resolve-config.ts'
import type { Flags } from './resolve-config.ts'

export interface LoadConfigOptions {
  readonly flags: Flags
  readonly environment: Environment
  /** What relative paths start from. */
  readonly workingDirectory: string
}

const DEFAULT_FILE = 'parley.yaml'

/**
 * Environment and flags → file → one frozen `Config`. Without `--config` or PARLEY_CONFIG, `parley.yaml` in the
 * working directory is taken if it is there.
 * @throws ConfigError whose message is ready to be printed.
 */
export function loadConfig({ flags, environment, workingDirectory }: LoadConfigOptions): Config {
  const named = flags.config ?? environment.config
  const candidate = resolve(workingDirectory, named ?? DEFAULT_FILE)
  const file = named !== undefined || existsSync(candidate) ? candidate : undefined
  const loaded = file === undefined ? emptyFile() : loadFile(file)
  return resolveConfig({ flags, environment, loaded, file, workingDirectory })
}
