import { expect, it } from 'vitest'
import { classifyAddress } from './classify-address.ts'

it.each([
  ['global', '8.8.8.8 1.1.1.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8'],
  [
    'private',
    '127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 ::1 fd12:3456::1 ::ffff:127.0.0.1',
  ],
  [
    'metadata',
    '169.254.169.254 169.254.170.2 169.254.0.1 168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254 fd20:ce::254',
  ],
  [
    'special',
    '0.0.0.0 0.1.2.3 255.255.255.255 224.0.0.1 240.0.0.1 198.18.0.1 192.0.2.1 192.88.99.1 :: ::7f00:1 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 2002:7f00:1:: 2001::1 2001:db8::1 3fff::1 5f00::1 100::1 fec0::1 ff02::1 1::1 4000::1',
  ],
  ['special', 'localhost example.com [::1] 1.2.3.4:80 127.0.0.1/8 1.2.3.4.5'],
])('%s: %s', (kind, addresses) => {
  const wrong = addresses.split(' ').filter((address) => classifyAddress(address) !== kind)
  expect(wrong).toEqual([])
})

it('takes an empty text for no address', () => {
  expect(classifyAddress('')).toBe('special')
})
