#include "engine/data/lmdb_source.h"

#include "absl/memory/memory.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {

std::string PrintableKey(absl::string_view key) {
  constexpr size_t kMaxBytes = 100;
  if (key.size() <= kMaxBytes) return absl::CHexEscape(key);
  return absl::StrCat(absl::CHexEscape(key.substr(0, kMaxBytes)), "... (",
                      key.size(), " bytes)");
}

absl::StatusOr<std::unique_ptr<ImageSource>> LmdbSource::Open(
    const std::string& directory, ColorMode mode) {
  ASSIGN_OR_RETURN(auto reader, LmdbReader::Open(directory));
  return absl::WrapUnique<ImageSource>(new LmdbSource(std::move(reader), mode));
}

absl::Status LmdbSource::Next(DecodedDatum* datum) {
  ASSIGN_OR_RETURN(const LmdbRecord record, reader_->Next());
  key_.assign(record.key.data(), record.key.size());
  return AtLast(DecodeDatum(record.value, mode_, datum));
}

absl::Status LmdbSource::Skip(int64_t count) {
  for (int64_t i = count % num_images(); i > 0; --i) {
    RETURN_IF_ERROR(reader_->Next().status());
  }
  return absl::OkStatus();
}

absl::Status LmdbSource::AtLast(const absl::Status& status) const {
  if (status.ok()) return status;
  const std::string key = PrintableKey(key_);
  return Annotate(status,
                  absl::StrCat("data set ", reader_->directory(), ", record \"",
                               key, "\": "),
                  {{"dataset", reader_->directory()}, {"key", key}});
}

}  // namespace quantd
