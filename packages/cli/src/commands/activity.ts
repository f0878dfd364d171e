import { CliError } from '../cli-error.ts'
import { textOf, type Command } from '../command.ts'

export const activity: Command = {
  usage: ['activity [--before SEQ]'],
  summary: 'What happened, newest first, a hundred records at a time.',
  options: { before: { type: 'string', value: 'SEQ', about: 'Only what came before this record.' } },
  async run(given) {
    const before = textOf(given, 'before')
    if (before !== undefined && !/^[1-9]\d{0,15}$/.test(before))
      throw new CliError('--before takes the number at the start of a line.', {
        hint: 'parley activity --before 120',
      })
    const path = before === undefined ? '/api/activity' : `/api/activity?before=${before}`
    const value = (await given.hub().api('GET', path)) as {
      records: Record<string, unknown>[]
      names: Record<string, string>
      next: number | null
    }
    const more = value.next === null ? [] : [`Earlier: parley activity --before ${value.next}`]
    const text = [...value.records.map((record) => line(record, value.names)), ...more].join('\n')
    return { value, text: text || 'Nothing has happened yet.' }
  },
}

/** Names change and are chosen by others; the id beside one is what stays. */
function line(record: Record<string, unknown>, names: Readonly<Record<string, string>>): string {
  const { seq, at, subject, action, capability, note, decision, result } = record
  const name = Object.hasOwn(names, String(subject)) ? names[String(subject)] : undefined
  return [
    seq,
    new Date(Number(at)).toISOString(),
    name === undefined ? subject : `${name} (${String(subject)})`,
    action,
    capability ?? note ?? '',
    decision,
    result,
  ].join('  ')
}
