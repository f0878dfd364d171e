import { internalsOf, type Provider } from './library.ts'

/**
 * Takes `response_mode=form_post` away: the page that carries the code would be the provider's own, with a script and
 * without the headers of ours. It has no switch for that, and its metadata names the mode in any case.
 */
export function forbidFormPost(provider: Provider): void {
  const { responseModes } = internalsOf(provider)
  responseModes.delete('form_post')
  provider.use(async (context, next) => {
    await next()
    const { body } = context
    if (typeof body === 'object' && body !== null && 'response_modes_supported' in body)
      body.response_modes_supported = [...responseModes.keys()]
  })
}
