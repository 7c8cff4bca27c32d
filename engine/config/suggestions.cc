#include "engine/config/suggestions.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace quantd {
namespace {

constexpr size_t kMaxLength = 256;
constexpr size_t kMaxSuggestions = 3;

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> Suggestions(absl::string_view wrong,
                                     const std::vector<std::string>& names) {
  wrong = wrong.substr(0, kMaxLength);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const absl::string_view head =
        absl::string_view(name).substr(0, kMaxLength);
    const size_t distance = EditDistance(wrong, head);
    if (3 * distance <= std::max(wrong.size(), head.size())) {
      near.emplace_back(distance, name);
    }
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  near.resize(std::min(near.size(), kMaxSuggestions));
  std::vector<std::string> result;
  result.reserve(near.size());
  for (auto& [distance, name] : near) result.push_back(std::move(name));
  return result;
}

}  // namespace quantd
