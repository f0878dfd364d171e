/** Words for the same thing, a line for each. They stand for one another. */
export const SAME_WORDS = `
create add new make open register insert
delete remove erase drop discard destroy trash wipe
update edit change modify set adjust alter
rename move relocate transfer
get show view read fetch retrieve look see display open
list show browse enumerate overview all
search find look query lookup seek locate where
send post deliver submit dispatch write forward
message chat dm text
email mail inbox
meeting appointment event calendar call
schedule plan book reserve arrange
issue ticket bug task case problem story defect
todo item reminder
comment reply respond answer note remark feedback
repository repo codebase
file document doc
attachment attached
folder directory
image picture photo screenshot icon
video clip movie film
song track music
person people user member employee teammate colleague staff
customer client buyer shopper
contact person
company organization organisation
payment charge pay transaction
refund reimburse
subscription plan membership
product item article goods
order purchase
price cost rate fare cheap cheapest
inventory stock quantity available
lead prospect
opportunity deal
run execute start trigger launch invoke
stop cancel abort halt end terminate kill shutdown
restart reboot
deploy release publish ship
pipeline workflow ci build job
log output
error exception crash failure
alert alarm warning
monitor alert watch
incident outage
metric graph chart statistics usage
database db
row record entry line
column field
server machine host instance vm
upload put store save
download export get
copy duplicate clone fork
share grant access invite permission
channel room
conversation thread discussion
page wiki
spreadsheet sheet workbook
slide presentation deck
location place
direction route
weather forecast conditions
hotel accommodation
summary summarize shorter shorten brief
label tag category
close resolve finish complete done solve
approve accept confirm
reject decline deny refuse
website web site page url link internet online
click press tap
type fill enter
pause stop
enable activate
disable deactivate mute silence
archive compress zip pack
unzip unpack extract
version revision history previous earlier before
compare diff difference
test check verify validate
vacation leave holiday absence
candidate applicant
shipment delivery parcel package box shipping
sign signature
report analytics performance
transcribe transcript transcription speech
recording recorded
background backdrop
password secret credential
today now current
pod container
cluster kubernetes k8s
replica copy instance
memory ram
disk storage space
domain dns
dashboard board
form questionnaire survey
job position opening vacancy
salary pay payroll payslip wage
manager boss reports supervisor
expense receipt cost
campaign ad ads advertising advert
budget spend
mention talked
coupon discount voucher promotion
sms text
mobile phone telephone
flight plane fly
train rail station
car rental vehicle
currency money exchange
translate translation language
function lambda
commit change
branch
team group
vendor supplier
key entry
collection table
expire expiration ttl
equation formula
audio sound voice
paper article study
`
