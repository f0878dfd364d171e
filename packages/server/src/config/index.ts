export { childEnvironment } from './child-environment.ts'
export { isLoopbackHost } from './check-listen.ts'
export { ConfigError } from './config-error.ts'
export type { ConfigProblem } from './config-error.ts'
export { configJsonSchema } from './config-schema.ts'
export type {
  AgentConfig,
  AppConfig,
  BundleConfig,
  Config,
  HttpServerConfig,
  IdentityConfig,
  Limits,
  ListenConfig,
  ResourceConfig,
  ServerConfig,
  StdioServerConfig,
} from './config.ts'
export { findConfusableName } from './find-confusable-name.ts'
export { loadConfig } from './load-config.ts'
export type { LoadConfigOptions } from './load-config.ts'
export { hideEnvironment } from './hide-environment.ts'
export { readEnv } from './read-env.ts'
export type { Environment } from './read-env.ts'
export type { Flags } from './resolve-config.ts'
