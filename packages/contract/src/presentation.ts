import { z } from 'zod'

/** How answers are put for a person: what they need, and what became of it (decisions/025). */
export const PRESENTATION_EXTENSION = 'urn:parley:a2a:presentation:1'

/** A list of BCP 47 tags as `Accept-Language` has it (RFC 9110 §12.5.4): `de-CH, de;q=0.9, en;q=0.5`. */
const LANGUAGES =
  /^(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}|\*)(?:;q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?(?:, ?(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}|\*)(?:;q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?){0,9}$/

/** A media range (RFC 9110 §12.5.1) without a weight: the order is the preference. */
const MEDIA_RANGE = /^(?:\*\/\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,126}))$/i

export const READING_LEVELS = ['plain', 'standard', 'expert'] as const
export const ACCESS_NEEDS = ['screenReader', 'captions', 'altText', 'reducedMotion'] as const

export const presentationNeeds = z
  .strictObject({
    language: z
      .string()
      .max(200)
      .regex(LANGUAGES, 'language tags as Accept-Language has them, such as de, en;q=0.5')
      .optional(),
    formats: z
      .array(z.string().regex(MEDIA_RANGE, 'a media type, such as text/plain or audio/*'))
      .max(20)
      .optional(),
    length: z.enum(['short', 'full']).optional(),
    readingLevel: z.enum(READING_LEVELS).optional(),
    accessibility: z.array(z.enum(ACCESS_NEEDS)).max(ACCESS_NEEDS.length).optional(),
    /** In the person's own words: what they know already, what they do. */
    background: z.string().max(500).optional(),
  })
  .describe('How answers are to be put. The order of formats is the preference.')

export type PresentationNeeds = z.infer<typeof presentationNeeds>
