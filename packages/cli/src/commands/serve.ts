import type { CommandFacts } from '../command.ts'

/** `parley serve`: a hub in this process. It reads its own flags, so it is no `Command`. */
export const serve = {
  usage: ['serve [--config FILE] [--host HOST] [--port PORT] [--grpc-port PORT] [--data-dir DIR]'],
  summary: 'Starts a hub and runs until it is told to stop.',
  about: [
    'SIGINT and SIGTERM let calls in flight end (limits.drainMs); a second signal ends at once.',
    'With --json it prints one line when it is ready: {"event":"ready","url",…}.',
  ],
  options: {
    config: { type: 'string', value: 'FILE', about: 'Default: $PARLEY_CONFIG, then parley.yaml here.' },
    host: { type: 'string', value: 'HOST', about: 'Default: $PARLEY_HOST, then listen.host.' },
    port: {
      type: 'string',
      value: 'PORT',
      about: 'Default: $PARLEY_PORT, then listen.port; 0 takes a free one.',
    },
    'grpc-port': {
      type: 'string',
      value: 'PORT',
      about: 'Default: $PARLEY_GRPC_PORT, then listen.grpcPort, then the port after the other; off for none.',
    },
  },
  async run(argv: readonly string[]): Promise<number> {
    const { runServe } = await import('@parley/server')
    return runServe(argv)
  },
} as const satisfies CommandFacts & { run(argv: readonly string[]): Promise<number> }
