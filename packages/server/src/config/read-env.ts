/** What the environment says, as text: empty means unset. Flags win over it, it wins over the file. */
export interface Environment {
  readonly config: string | undefined
  readonly host: string | undefined
  readonly port: string | undefined
  readonly grpcPort: string | undefined
  readonly dataDir: string | undefined
  /** The master key itself; read once and given to nobody else. */
  readonly masterKey: string | undefined
  /** The search path that children get; nothing else of the environment reaches them by itself. */
  readonly path: string
  /** Any other variable, for `${env:NAME}` in a child's environment. Parley's own are never given out. */
  lookUp(name: string): string | undefined
}

const FALLBACK_PATH = '/usr/local/bin:/usr/bin:/bin'

/** Reads the environment; this is the only file that does. */
export function readEnv(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  return Object.freeze({
    config: variables['PARLEY_CONFIG'] || undefined,
    host: variables['PARLEY_HOST'] || undefined,
    port: variables['PARLEY_PORT'] || undefined,
    grpcPort: variables['PARLEY_GRPC_PORT'] || undefined,
    dataDir: variables['PARLEY_DATA_DIR'] || undefined,
    masterKey: variables['PARLEY_MASTER_KEY'] || undefined,
    path: variables['PATH'] || FALLBACK_PATH,
    lookUp: (name: string) => (isOwnVariable(name) ? undefined : variables[name]),
  })
}

/** True for names that are Parley's own settings: a child neither gets nor sets them. */
export function isOwnVariable(name: string): boolean {
  return name.toUpperCase().startsWith('PARLEY_')
}
