import { interactionPolicy } from './library.ts'

/**
 * Every authorization request is taken to our page, which knows who is signed in and what was consented to; the provider's
 * own session decides nothing. The three names are what `prompt` may ask for (OpenID Connect Core §3.1.2.1).
 */
export function createPolicy(): object[] {
  const { Prompt, Check } = interactionPolicy
  return [
    new Prompt({ name: 'login', requestable: true }),
    new Prompt({ name: 'select_account', requestable: true }),
    new Prompt(
      { name: 'consent', requestable: true },
      new Check(
        'undecided',
        'the person has to decide',
        'interaction_required',
        ({ oidc }) => oidc.result?.consent === undefined,
      ),
    ),
  ]
}
