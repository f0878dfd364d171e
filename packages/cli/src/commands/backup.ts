import type { Command } from '../command.ts'

export const backup: Command = {
  usage: ['backup'],
  summary: 'Writes a copy of the database into the data directory while the hub runs.',
  async run({ hub }) {
    const value = (await hub().api('POST', '/api/backup')) as { file: string; bytes: number }
    return { value, text: `${value.file} (${value.bytes} bytes)` }
  },
}
