-- saved
-- What was shown after this form was saved before. $1 manager, $2 the form's key.
select shows from form_posts where manager_id = $1 and key = $2;

-- keep
-- A form is saved now. $1 manager, $2 its key, $3 now, $4 what is shown after it.
insert into form_posts (manager_id, key, saved_at, shows) values ($1, $2, $3, $4);

-- forget
-- Forms saved so long ago that nobody sends them again. $1 manager, $2 before.
delete from form_posts where manager_id = $1 and saved_at < $2;

-- comment
-- A comment that a manager wrote himself. $1 id, $2 manager.
select c.id, c.lead_id, c.text, c.outcome, c.goal, c.at from comments c where c.id = $1 and c.author_id = $2 and c.author_kind = 'person';
