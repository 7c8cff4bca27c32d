#include "client/datasets.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/call.h"

namespace quantd {
namespace {

constexpr int64_t kPageSize = 100;
constexpr size_t kIdDigits = 40;

}  // namespace

bool IsDatasetId(absl::string_view text) {
  return absl::ConsumePrefix(&text, "ds-") && text.size() == kIdDigits &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

Datasets::Datasets(Client* client)
    : client_(client), stub_(v1::DatasetService::NewStub(client->channel())) {}

absl::StatusOr<v1::Dataset> Datasets::Get(const std::string& id) {
  v1::GetDatasetRequest request;
  request.set_id(id);
  v1::Dataset dataset;
  RETURN_IF_ERROR(CallUnary(
      stub_.get(), &v1::DatasetService::Stub::GetDataset, request, &dataset,
      client_->CallDeadline(client_->options().call_timeout),
      client_->options().cancel, Repeat::kOnUnavailable));
  return dataset;
}

absl::StatusOr<std::vector<v1::Dataset>> Datasets::List(int64_t limit) {
  v1::ListDatasetsRequest request;
  request.set_page_size(limit > 0 ? std::min(limit, kPageSize) : kPageSize);
  std::vector<v1::Dataset> datasets;
  do {
    v1::ListDatasetsResponse response;
    RETURN_IF_ERROR(CallUnary(
        stub_.get(), &v1::DatasetService::Stub::ListDatasets, request,
        &response, client_->CallDeadline(client_->options().call_timeout),
        client_->options().cancel, Repeat::kOnUnavailable));
    for (v1::Dataset& dataset : *response.mutable_datasets()) {
      datasets.push_back(std::move(dataset));
      if (static_cast<int64_t>(datasets.size()) == limit) return datasets;
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return datasets;
}

}  // namespace quantd
