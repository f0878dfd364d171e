import type { FieldViolation } from '../check-message.ts'
import type { AgentCard, AgentSkill } from '../model.ts'

const LIMITS = {
  interfaces: 16,
  skills: 200,
  extensions: 50,
  schemes: 32,
  signatures: 10,
  /** Tags, examples and modes of one skill, modes of the card, requirements. */
  items: 64,
  nameChars: 200,
  tagChars: 200,
  textChars: 8000,
  urlChars: 2048,
} as const

const MAX_VIOLATIONS = 20
/** What can make a name look like another, or reach into a terminal. */
const UNFIT_FOR_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** What of a card is beyond what the hub keeps, shows and searches; the form of its fields is checked already. */
export function checkCardLimits(card: AgentCard): FieldViolation[] {
  const check = new LimitCheck()
  check.name(card.name, 'name')
  check.text(card.description, 'description')
  check.name(card.version, 'version')
  check.link(card.documentationUrl, 'documentationUrl')
  check.link(card.iconUrl, 'iconUrl')
  check.link(card.provider?.url, 'provider.url')
  check.name(card.provider?.organization, 'provider.organization')
  checkInterfaces(card, check)
  check.count(card.capabilities.extensions, 'capabilities.extensions', LIMITS.extensions)
  card.capabilities.extensions?.forEach(({ uri, description }, index) => {
    check.chars(uri, `capabilities.extensions[${index}].uri`, LIMITS.urlChars)
    check.text(description, `capabilities.extensions[${index}].description`)
  })
  check.count(Object.keys(card.securitySchemes ?? {}), 'securitySchemes', LIMITS.schemes)
  check.count(card.securityRequirements, 'securityRequirements', LIMITS.items)
  check.count(card.signatures, 'signatures', LIMITS.signatures)
  check.names(card.defaultInputModes, 'defaultInputModes')
  check.names(card.defaultOutputModes, 'defaultOutputModes')
  checkSkills(card.skills, check)
  return check.violations
}

function checkInterfaces({ supportedInterfaces }: AgentCard, check: LimitCheck): void {
  if (supportedInterfaces.length === 0) check.refuse('supportedInterfaces', 'At least one is required.')
  check.count(supportedInterfaces, 'supportedInterfaces', LIMITS.interfaces)
  supportedInterfaces.forEach(({ url, protocolBinding, protocolVersion, tenant }, index) => {
    const path = `supportedInterfaces[${index}]`
    check.name(protocolBinding, `${path}.protocolBinding`)
    check.name(tenant, `${path}.tenant`)
    if (!/^\d{1,3}\.\d{1,3}(\.\d{1,5})?$/.test(protocolVersion))
      check.refuse(`${path}.protocolVersion`, 'Must be Major.Minor, such as 1.0.')
    check.chars(url, `${path}.url`, LIMITS.urlChars)
    const isAddress = protocolBinding === 'GRPC' && /^[\w.[\]:-]{1,255}$/.test(url)
    if (['JSONRPC', 'HTTP+JSON', 'GRPC'].includes(protocolBinding) && !isAddress)
      check.link(url, `${path}.url`)
  })
}

function checkSkills(skills: readonly AgentSkill[] | undefined, check: LimitCheck): void {
  check.count(skills, 'skills', LIMITS.skills)
  const seen = new Set<string>()
  skills?.slice(0, LIMITS.skills).forEach((skill, index) => {
    const path = `skills[${index}]`
    check.name(skill.id, `${path}.id`)
    if (seen.has(skill.id)) check.refuse(`${path}.id`, 'Is the id of another skill too.')
    seen.add(skill.id)
    check.name(skill.name, `${path}.name`)
    check.text(skill.description, `${path}.description`)
    check.names(skill.tags, `${path}.tags`)
    check.names(skill.inputModes, `${path}.inputModes`)
    check.names(skill.outputModes, `${path}.outputModes`)
    check.count(skill.securityRequirements, `${path}.securityRequirements`, LIMITS.items)
    check.count(skill.examples, `${path}.examples`, LIMITS.items)
    skill.examples
      ?.slice(0, LIMITS.items)
      .forEach((example, at) => check.text(example, `${path}.examples[${at}]`))
  })
}

class LimitCheck {
  readonly violations: FieldViolation[] = []

  refuse(field: string, description: string): void {
    if (this.violations.length < MAX_VIOLATIONS) this.violations.push({ field, description })
  }

  count(list: readonly unknown[] | undefined, field: string, max: number): void {
    if (list !== undefined && list.length > max) this.refuse(field, `Has more than ${max} items.`)
  }

  chars(text: string | undefined, field: string, max: number): void {
    if (text !== undefined && text.length > max) this.refuse(field, `Has more than ${max} characters.`)
  }

  text(text: string | undefined, field: string): void {
    this.chars(text, field, LIMITS.textChars)
  }

  name(text: string | undefined, field: string): void {
    this.chars(text, field, LIMITS.nameChars)
    if (text !== undefined && UNFIT_FOR_NAMES.test(text))
      this.refuse(field, 'Holds invisible or control characters.')
  }

  names(list: readonly string[] | undefined, field: string): void {
    this.count(list, field, LIMITS.items)
    list?.slice(0, LIMITS.items).forEach((text, index) => {
      this.chars(text, `${field}[${index}]`, LIMITS.tagChars)
      if (UNFIT_FOR_NAMES.test(text))
        this.refuse(`${field}[${index}]`, 'Holds invisible or control characters.')
    })
  }

  /** Somebody follows it: http or https, and no credentials in it. */
  link(url: string | undefined, field: string): void {
    if (url === undefined || url === '') return
    this.chars(url, field, LIMITS.urlChars)
    const parsed = URL.parse(url)
    if (parsed === null || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:'))
      this.refuse(field, 'Must be an http or https URL.')
    else if (parsed.username !== '' || parsed.password !== '')
      this.refuse(field, 'Must not hold credentials.')
  }
}
