#include "engine/train/solver_state.h"

#include <limits>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/core/blob_proto.h"
#include "engine/hdf5/hdf5_reader.h"
#include "engine/hdf5/hdf5_writer.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace quantd {
namespace {

constexpr int kMaxHistories = 1 << 20;

absl::Status ParseError(const std::string& file_name,
                        const std::string& problem) {
  return Error(absl::StatusCode::kInvalidArgument, "SOLVERSTATE_PARSE",
               absl::StrCat(file_name, " ", problem,
                            "; give the *.solverstate of a snapshot"),
               {{"file", file_name}});
}

absl::StatusOr<caffe::SolverState> ParseBinary(absl::string_view bytes,
                                               const std::string& file_name) {
  if (bytes.size() > std::numeric_limits<int>::max()) {
    return ParseError(file_name, "has 2 GiB or more");
  }
  caffe::SolverState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return ParseError(file_name, "is no solver state, or damaged");
  }
  return state;
}

absl::StatusOr<caffe::SolverState> ParseH5(absl::string_view bytes,
                                           const std::string& file_name) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Reader> reader,
                   Hdf5Reader::FromBytes(bytes, file_name));
  caffe::SolverState state;
  ASSIGN_OR_RETURN(const int64_t iter, reader->ReadInt("/iter"));
  if (iter > std::numeric_limits<int32_t>::max()) {
    return ParseError(file_name, "has an impossible iteration");
  }
  state.set_iter(static_cast<int32_t>(iter));
  if (reader->Has("/learned_net")) {
    ASSIGN_OR_RETURN(*state.mutable_learned_net(),
                     reader->ReadString("/learned_net"));
  }
  if (reader->Has("/current_step")) {
    ASSIGN_OR_RETURN(const int64_t step, reader->ReadInt("/current_step"));
    state.set_current_step(static_cast<int32_t>(step));
  }
  for (int i = 0; i < kMaxHistories; ++i) {
    const std::string path = absl::StrCat("/history/", i);
    if (!reader->Has(path)) break;
    ASSIGN_OR_RETURN(const Hdf5Dataset dataset, reader->Find(path));
    std::vector<float> values(dataset.num_elements);
    RETURN_IF_ERROR(reader->ReadFloats(path, absl::MakeSpan(values)));
    caffe::BlobProto* blob = state.add_history();
    for (int64_t dim : dataset.dims) blob->mutable_shape()->add_dim(dim);
    blob->mutable_shape();
    blob->mutable_data()->Add(values.begin(), values.end());
  }
  return state;
}

absl::StatusOr<std::string> SerializeBinary(const caffe::SolverState& state) {
  const size_t size = state.ByteSizeLong();
  if (size > std::numeric_limits<int>::max()) {
    return Error(absl::StatusCode::kResourceExhausted, "MESSAGE_TOO_LARGE",
                 absl::StrCat("the solver state has ", size,
                              " bytes; a file has at most 2 GiB; set "
                              "snapshot_format: HDF5"),
                 {{"size", absl::StrCat(size)}});
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  state.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

absl::StatusOr<std::string> SerializeH5(const caffe::SolverState& state) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Hdf5Writer> writer,
                   Hdf5Writer::Create());
  RETURN_IF_ERROR(writer->AddInt("/iter", state.iter()));
  RETURN_IF_ERROR(writer->AddString("/learned_net", state.learned_net()));
  RETURN_IF_ERROR(writer->AddInt("/current_step", state.current_step()));
  RETURN_IF_ERROR(writer->AddGroup("/history"));
  for (int i = 0; i < state.history_size(); ++i) {
    const caffe::BlobProto& blob = state.history(i);
    RETURN_IF_ERROR(writer->AddFloats(
        absl::StrCat("/history/", i),
        {blob.shape().dim().begin(), blob.shape().dim().end()}, blob.data()));
  }
  return writer->Finish();
}

}  // namespace

absl::StatusOr<caffe::SolverState> ParseSolverState(
    absl::string_view bytes, const std::string& file_name) {
  if (bytes.empty()) return ParseError(file_name, "is empty");
  ASSIGN_OR_RETURN(const caffe::SolverState state,
                   LooksLikeHdf5(bytes) ? ParseH5(bytes, file_name)
                                        : ParseBinary(bytes, file_name));
  if (!state.has_iter() || state.iter() < 0 || state.current_step() < 0) {
    return ParseError(file_name, "names no iteration from 0 on");
  }
  return state;
}

absl::StatusOr<std::string> SerializeSolverState(
    const caffe::SolverState& state,
    caffe::SolverParameter::SnapshotFormat format) {
  return format == caffe::SolverParameter::HDF5 ? SerializeH5(state)
                                                : SerializeBinary(state);
}

}  // namespace quantd
