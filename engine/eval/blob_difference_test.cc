#include "engine/eval/blob_difference.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace quantd {
namespace {

using Floats = std::vector<float>;

BlobDifference Of(const Floats& x, const Floats& q) {
  BlobDifference difference;
  difference.Add(x, q);
  return difference;
}

TEST(BlobDifferenceTest, FollowsTheDefinitions) {
  const BlobDifference difference = Of({3, -4, 0}, {3, -3, 1});
  EXPECT_EQ(difference.count(), 3);
  EXPECT_NEAR(difference.cosine(), 21 / (5 * std::sqrt(19.0)), 1e-12);
  EXPECT_NEAR(difference.sqnr_db(), 10 * std::log10(25.0 / 2), 1e-12);
  EXPECT_EQ(difference.max_error(), 1);
  EXPECT_NEAR(difference.mean_error(), 2.0 / 3, 1e-12);
  EXPECT_EQ(difference.min(), -4);
  EXPECT_EQ(difference.max(), 3);
}

TEST(BlobDifferenceTest, EqualBlobs) {
  const BlobDifference difference = Of({1, 2}, {1, 2});
  EXPECT_DOUBLE_EQ(difference.cosine(), 1);
  EXPECT_EQ(difference.sqnr_db(), BlobDifference::kMaxSqnrDb);
  EXPECT_EQ(difference.max_error(), 0);
}

TEST(BlobDifferenceTest, Zeros) {
  EXPECT_EQ(Of({0, 0}, {0, 0}).cosine(), 1);
  EXPECT_EQ(Of({0, 0}, {0, 1}).cosine(), 0);
  EXPECT_EQ(Of({0, 0}, {0, 1}).sqnr_db(), -BlobDifference::kMaxSqnrDb);
  EXPECT_EQ(Of({1, 0}, {0, 0}).sqnr_db(), 0);
  EXPECT_EQ(BlobDifference().mean_error(), 0);
}

TEST(BlobDifferenceTest, CallsAddUp) {
  std::mt19937 generator(2);
  std::normal_distribution<float> normal;
  Floats x(4 * BlobDifference::kBlock + 77), q(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = normal(generator);
    q[i] = x[i] + 0.01f * normal(generator);
  }
  BlobDifference parts;
  const size_t cut = 2 * BlobDifference::kBlock;
  parts.Add(absl::MakeConstSpan(x).first(cut),
            absl::MakeConstSpan(q).first(cut));
  parts.Add(absl::MakeConstSpan(x).subspan(cut),
            absl::MakeConstSpan(q).subspan(cut));
  const BlobDifference whole = Of(x, q);
  EXPECT_EQ(parts.cosine(), whole.cosine());
  EXPECT_EQ(parts.sqnr_db(), whole.sqnr_db());
  EXPECT_EQ(parts.mean_error(), whole.mean_error());
  EXPECT_NEAR(whole.sqnr_db(), 40, 1);
}

TEST(BlobDifferenceTest, WhatIsNotFiniteShows) {
  const float infinity = std::numeric_limits<float>::infinity();
  Floats x(100, 1.0f), q(100, 1.0f);
  q[50] = infinity;
  EXPECT_EQ(Of(x, q).max_error(), infinity);
  q[50] = std::nanf("");
  EXPECT_TRUE(std::isnan(Of(x, q).max_error()));
}

}  // namespace
}  // namespace quantd
