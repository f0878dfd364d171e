/** What is tried first, in lower case; digits and signs around a word are taken off before it is looked up. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  0000000000 0123456789 0987654321 102030405060 1111111111 1122334455 112233445566 123123123
  1231231231 12341234 1234512345 1234554321 123456123456 1234567890 12345678910 123456789a 123456789q
  123qweasd 123qweasdzxc 147258369 159753456 1password 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx
  1qaz2wsx3edc 1qazxsw2 741852963 789456123 963852741 9876543210 a123456789 aa12345678 aaaaaaaaaa
  abc1234567 abc123abc abcd1234 abcdefghij abcdefghijk abracadabra access admin admin12345 adminadmin
  administrator agentagent alexander alexandra amanda america american andrea andrew anthony anthropic
  anything arsenal asdf1234 asdfasdf asdfgh asdfghjkl ashley australia autumn azerty azertyuiop
  babygirl banana barcelona baseball basketball batman bitwarden blessed blessing buster butterfly
  canada changeit changeme changemenow changethis charlie charlotte chatgpt cheese chelsea chocolate
  christopher claude company companyname computer contrasena contraseña cookie
  correct-horse-battery-staple correcthorsebatterystaple corvette cowboys daniel danielle database
  debian december default demo demodemo deutschland dragon eagles elizabeth england everything example
  examples facebook february ferrari fillmein football forever freedom friday gateway george ginger
  givemeaccess godisgood goodbye goodmorning google guest hannah happybirthday harley haslo hello12345
  hellohello helloworld helpdesk heslo hockey hunter iloveyou iloveyou1 iloveyou12 iloveyou2
  iloveyoubaby iloveyousomuch ineedapassword instagram internet january jennifer jessica jesuschrist
  jesusislord jonathan jordan jordan23 joshua juventus keyboard killer lakers laptop lastpass letmein
  letmein123 letmeinnow linkedin linux liverpool login logmein lovelove loveyou lozinka maggie
  manchester master masterkey matrix matthew mcpgateway mcpserver mercedes merrychristmas michael
  michelle microsoft monday monkey motdepasse mustang mypassword mypassword1 mysecret network
  newpassword newpassword1 nicholas nicole nopassword nothing november october oldpassword openai
  opensesame openup orange p@ssw0rd p@ssword pa55word parley parleyadmin parleyhub parleyparley parola
  pass1word passw0rd password password123! password1234 password12345 password123456 passwordone
  passwordpassword passwords passwort patrick pepper placeholder pokemon porsche princess private
  q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx qazwsxedc qwe123qwe qweasdzxc qwerqwer qwerty qwerty1234
  qwerty12345 qwerty123456 qwertyqwerty qwertyui qwertyuiop qwertz qwertzuiop ranger raspberry
  raspberrypi realmadrid richard robert root rootroot salasana samantha sample secret security senha
  september server sesame shadow sifre soccer something spiderman spring stargate startrek starwars
  steelers stephanie strawberry summer sunshine superadmin supercalifragilistic superman superuser
  support12345 sweetheart sysadmin temp1234 temporary test test123456 testing testtest thisisapassword
  thisismypassword thomas tigger toor topsecret trustno1 ubuntu userpassword wachtwoord weekend
  welcome welcome1 welcome123 welcomeback whatever william windows windows10 winter yamaha yankees
  yourpassword youtube zaq12wsx zaq1zaq1 zxcvbn zxcvbnm zxcvzxcv
`
    .trim()
    .split(/\s+/),
)
