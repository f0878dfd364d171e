/** `parley serve`: a hub in this process. It reads its own flags, so it is no `Command`. */
export const serve = {
  usage: ['serve [--config FILE] [--host HOST] [--port PORT] [--data-dir DIR]'],
  summary: 'Starts a hub and runs until it is told to stop.',
  async run(argv: readonly string[]): Promise<number> {
    const { runServe } = await import('@parley/server')
    return runServe(argv)
  },
} as const
