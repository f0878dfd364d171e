import {
  ACCESS_NEEDS,
  READING_LEVELS,
  presentationNeeds,
  type PersonId,
  type PresentationNeeds,
} from '@parley/contract'
import {
  errorSummary,
  field,
  html,
  type Form,
  type Html,
  type PageAnswer,
  type Visit,
} from '../pages/index.ts'
import { self } from './changes.ts'
import type { Parts } from './parts.ts'
import type { Actor } from './people.ts'
import { whoIsHere } from './who-is-here.ts'

/** What a person needs of answers: changed by themselves alone; the record names what is said, not what they said. */
export async function setPresentation(
  parts: Parts,
  { person, needs }: { readonly person: PersonId; readonly needs: PresentationNeeds },
  by: Actor,
): Promise<void> {
  await parts.changes.commit(
    {
      action: 'person.presentation',
      by,
      note: Object.keys(needs).toSorted().join(', ') || 'nothing',
      unit: [parts.presentation.put(person, needs)],
    },
    'Your account is not there any more.',
  )
  parts.presentation.changed(person)
}

/** GET /account/presentation. */
export function showPresentation(parts: Parts, visit: Visit): PageAnswer {
  const { person } = whoIsHere(parts, visit)
  return page(visit, parts.presentation.find(person.id) ?? {}, [])
}

/** POST /account/presentation. */
export async function submitPresentation(parts: Parts, visit: Visit): Promise<PageAnswer> {
  const { person } = whoIsHere(parts, visit)
  const asked = readNeeds(visit.form)
  const read = presentationNeeds.safeParse(asked)
  if (!read.success) {
    const faults = read.error.issues.map(({ path, message }) => ({
      field: String(path[0] ?? ''),
      text: FAULTS[String(path[0])] ?? message,
    }))
    return page(visit, asked, faults)
  }
  await setPresentation(parts, { person: person.id, needs: read.data }, self(person))
  return { kind: 'redirect', to: '/account' }
}

const FAULTS: Readonly<Record<string, string>> = {
  language: 'Enter language tags with commas between them, such as de, en.',
  formats: 'Enter media types with commas between them, such as text/plain, audio/*.',
  background: 'Use at most 500 characters.',
}

const ACCESS_WORDS: Readonly<Record<(typeof ACCESS_NEEDS)[number], string>> = {
  screenReader: 'I use a screen reader: images as words',
  captions: 'Words for what is heard',
  altText: 'Words beside images',
  reducedMotion: 'Nothing that moves',
}

const LEVEL_WORDS: Readonly<Record<(typeof READING_LEVELS)[number], string>> = {
  plain: 'Plain words',
  standard: 'As usual',
  expert: 'For experts',
}

function readNeeds(form: Form): Record<string, unknown> & PresentationNeeds {
  const language = form.get('language')?.trim() ?? ''
  const background = form.get('background')?.trim() ?? ''
  const formats = (form.get('formats') ?? '').split(',').flatMap((one) => one.trim() || [])
  const accessibility = ACCESS_NEEDS.filter((need) => form.get(need) === 'on')
  const readingLevel = READING_LEVELS.find((level) => level === form.get('readingLevel'))
  return {
    ...(language !== '' && { language }),
    ...(formats.length > 0 && { formats }),
    ...(form.get('short') === 'on' && { length: 'short' as const }),
    ...(readingLevel && { readingLevel }),
    ...(accessibility.length > 0 && { accessibility }),
    ...(background !== '' && { background }),
  }
}

function page(
  visit: Visit,
  needs: PresentationNeeds,
  faults: readonly { readonly field: string; readonly text: string }[],
): PageAnswer {
  const faultOf = (name: string) => faults.find((one) => one.field === name)?.text
  const line = (name: 'language' | 'formats' | 'background', label: string, hint: string) =>
    field({
      name,
      label,
      hint,
      autocomplete: 'off',
      isRequired: false,
      maxLength: name === 'background' ? 500 : 256,
      value: name === 'formats' ? needs.formats?.join(', ') : needs[name],
      error: faultOf(name),
    })
  return {
    kind: 'page',
    status: faults.length > 0 ? 400 : 200,
    title: 'How answers are put to you',
    body: html`<h1>How answers are put to you</h1>
      <p class="lead">
        Agents that know how are told all of it; any other hears your languages alone. All of it may stay
        empty, and an app may say something else for one answer.
      </p>
      ${errorSummary(faults)}
      <form method="post" action="/account/presentation">
        ${visit.formField} ${line('language', 'Languages', 'The best first: de, en')}
        ${line('formats', 'Formats', 'Media types, the best first: text/plain, audio/*')}
        <fieldset class="field">
          <legend>Wording</legend>
          ${box('short', 'Short answers', needs.length === 'short')}
          ${READING_LEVELS.map((level) => radio(level, needs.readingLevel === level))}
        </fieldset>
        <fieldset class="field">
          <legend>Seeing and hearing</legend>
          ${ACCESS_NEEDS.map((need) => box(need, ACCESS_WORDS[need], needs.accessibility?.includes(need) === true))}
        </fieldset>
        ${line('background', 'What you know already', 'In your own words, at most 500 characters')}
        <button class="full">Save</button>
      </form>
      <p class="actions"><a href="/account">Back to your account</a></p>`,
  }
}

function box(name: string, words: string, isOn: boolean): Html {
  return html`<p>
    <label><input type="checkbox" name="${name}" value="on" ${isOn && html` checked`} /> ${words}</label>
  </p>`
}

function radio(level: (typeof READING_LEVELS)[number], isOn: boolean): Html {
  return html`<p>
    <label
      ><input type="radio" name="readingLevel" value="${level}" ${isOn && html` checked`} />
      ${LEVEL_WORDS[level]}</label
    >
  </p>`
}
