-- The ids are fixed, because clients and samples refer to them.
insert into public.challenges (id, difficulty, title, description, points)
values
(
    '16bc367e-3be9-5f1d-97f4-8027d197f576',
    'beginner',
    'Learn a name and use it',
    'Ask someone who serves you today for their name, and say goodbye with it.',
    10
),
(
    '429238e4-cace-509c-b342-7d3355458d5d',
    'beginner',
    'One honest compliment',
    'Tell a stranger what you like about their jacket, book or bicycle. Then move on.',
    15
),
(
    '16a0ac99-639b-5a41-922d-89e58415f38f',
    'beginner',
    'Ask for a tip',
    'Ask someone at the next table what they would order here, and why.',
    20
),
(
    '235485da-e849-5466-9af7-39d89c3e2f4e',
    'beginner',
    'Two minutes with a dog',
    'Greet the owner of a dog, ask what it is called, and find out one thing it is good at.',
    25
),
(
    '53d43742-1775-5eda-8076-ec86e5035e36',
    'intermediate',
    'Keep it going',
    'Start a conversation in a queue. Keep it alive with three questions that build on answers.',
    35
),
(
    '19b6b99a-8534-51c6-b3b8-cde5c9af0f6d',
    'intermediate',
    'Join a table',
    'Ask people you do not know whether you two may sit with them, and stay for ten minutes.',
    40
),
(
    '6877cc49-f636-5ba6-91a9-9de864f2c99b',
    'intermediate',
    'Tell a story',
    'Tell someone new a story that ends badly for you, and make them smile.',
    50
),
(
    '5675b010-719e-57c5-b8a5-87143f34ddbb',
    'intermediate',
    'Introduce two strangers',
    'Get to know two people separately, then introduce them with one good thing about each.',
    60
),
(
    'edc48c8c-9df1-57bb-8cdc-18b3f84f2ec8',
    'advanced',
    'A toast to nobody you know',
    'Raise a glass, win the attention of a table, and say three kind sentences about tonight.',
    70
),
(
    'c3ffe34b-520f-50b4-a465-d0cb034c52c9',
    'advanced',
    'Collect five noes',
    'Ask for small things that people may refuse, until five have said no. Thank each of them.',
    80
),
(
    'ec5f5027-dc92-5c7e-8e46-3654addc94e1',
    'advanced',
    'Disagree well',
    'Find someone who thinks otherwise, and listen until they say that you have understood.',
    90
),
(
    'a957e500-3bdb-512a-a7a4-b01633369a0e',
    'advanced',
    'Host the evening',
    'Get three strangers to play, sing or guess something together for a quarter of an hour.',
    100
);
