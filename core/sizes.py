"""How much is taken at once. Whatever is larger is refused, in words that name these numbers."""

BODY_MEGABYTES = 1  # of a call, and of a form beside its files
FORM_FIELDS, FORM_FILES = 1_500, 20  # a recommendation of 50 lines for 20 end-users has over 1,000
TEXT_CHARACTERS = 10_000
WORDS_CHARACTERS, REASON_CHARACTERS = 5_000, 2_000  # what a case is asked and told; why somebody does something
ECHOED = 80  # characters of what was sent that a refusal repeats
MESSAGES_AT_ONCE = 1_000  # of customs; other lists of objects, too

FILE_MEGABYTES = 10  # config/nginx.conf lets that much through, and a form around it
FILE_BYTES = FILE_MEGABYTES << 20
NAME_MOST = 200
PARTS_MOST, MEGABYTES_UNPACKED, RATIO_MOST = 1_000, 50, 100
UNPACKED_MOST = MEGABYTES_UNPACKED << 20
MEGAPIXELS_MOST = 40
PIXELS_MOST = MEGAPIXELS_MOST * 1_000_000

BULK_MEGABYTES, BULK_ROWS = 8, 10_000
ROWS_AT_ONCE = 1_000  # of a bulk, one transaction where its sender asks for that
LIST_ROWS = 10_000  # of the file of a list
