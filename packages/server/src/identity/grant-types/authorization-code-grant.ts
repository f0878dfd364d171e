import { errors, internalsOf, type Provider } from '../provider/library.ts'

/**
 * The built-in authorization_code grant, with one check before it: a wrong `resource` is refused while the code is still
 * good (RFC 8707 §2.2), so that a client can ask again.
 */
export function guardAuthorizationCodeGrant(provider: Provider): void {
  const { grantTypeHandlers, grantTypeParams } = internalsOf(provider)
  const builtIn = grantTypeHandlers.get('authorization_code')!
  const parameters = new Set(grantTypeParams.get('authorization_code'))
  provider.registerGrantType(
    'authorization_code',
    async (context) => {
      const { code, resource } = context.oidc.params
      if (typeof code === 'string' && resource !== undefined) {
        const found = await provider.AuthorizationCode.find(code)
        const isGranted = typeof resource === 'string' && found?.resourceIndicators.has(resource)
        if (found?.clientId === context.oidc.client.clientId && !isGranted) throw new errors.InvalidTarget()
      }
      await builtIn(context)
    },
    parameters,
    ['resource'],
  )
}
