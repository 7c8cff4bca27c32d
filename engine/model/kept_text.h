// Fields of a prototxt that the schema does not have, kept as text inside the
// message they stand in, so that they are printed again where they were.
// Not here: which unknown fields are accepted (prototxt.h).
#ifndef QUANTD_ENGINE_MODEL_KEPT_TEXT_H_
#define QUANTD_ENGINE_MODEL_KEPT_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace quantd {

// The unknown field that holds the text. Readers of binary files that do not
// know it pass over it, as over every unknown field.
inline constexpr int kKeptTextNumber = 536000500;

// Stores in `message` and the messages inside it the fields of `text` that they
// do not have. `text` is what `message` was parsed from, without errors.
// Lists of messages in brackets are not looked into.
void KeepUnknownText(absl::string_view text,
                     google::protobuf::Message* message);

// The text that is kept in `message` itself: whole fields, one after another;
// empty if there is none.
std::string KeptText(const google::protobuf::Message& message);

// Moves the text that is kept in `from` itself to `to`, which may be of another
// type. Text of a field that `to` has becomes that field; it stays text if it
// is no correct value of it.
void MoveKeptText(google::protobuf::Message* from,
                  google::protobuf::Message* to);

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_KEPT_TEXT_H_
