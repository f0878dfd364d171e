import { z } from 'zod'

const found = z.enum(['off', 'report', 'redact'])

/** What is looked for in what a server offers and answers. */
export const contentSettings = z.strictObject({
  hidden: z
    .enum(['flag', 'strip'])
    .describe(
      'Invisible text in definitions: flag shows it in the review, strip also keeps it from clients.',
    ),
  secrets: found.describe(
    'Keys, tokens and passwords in results: report records them, redact also takes them out.',
  ),
  personal: found.describe('E-mail addresses, phone, card and account numbers in results.'),
  output: z
    .enum(['off', 'check'])
    .describe("check: a result that does not fit the tool's outputSchema becomes an error."),
})

export type ContentSettings = z.output<typeof contentSettings>

/** What holds where nothing is set: results are passed on unread. */
export const DEFAULT_CONTENT: ContentSettings = Object.freeze({
  hidden: 'flag',
  secrets: 'off',
  personal: 'off',
  output: 'off',
})

/** Settings of one server over those that hold for all. */
export function mergeContent(
  base: ContentSettings,
  own: { readonly [name in keyof ContentSettings]?: ContentSettings[name] | undefined },
): ContentSettings {
  return Object.freeze({
    hidden: own.hidden ?? base.hidden,
    secrets: own.secrets ?? base.secrets,
    personal: own.personal ?? base.personal,
    output: own.output ?? base.output,
  })
}

/** Whether the answers of a server with these settings must be read. */
export function readsResults({ hidden, secrets, personal, output }: ContentSettings): boolean {
  return hidden === 'strip' || secrets !== 'off' || personal !== 'off' || output === 'check'
}
