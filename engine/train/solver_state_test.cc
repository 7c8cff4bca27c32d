#include "engine/train/solver_state.h"

#include "base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::quantd::testing::HasReason;
using ::testing::ElementsAre;
using ::testing::SizeIs;

caffe::SolverState State() {
  caffe::SolverState state;
  state.set_iter(7);
  state.set_learned_net("n_iter_7.caffemodel");
  state.set_current_step(2);
  caffe::BlobProto* blob = state.add_history();
  blob->mutable_shape()->add_dim(2);
  blob->add_data(1.5f);
  blob->add_data(-2);
  return state;
}

TEST(SolverStateTest, BothFormatsReadBackWhatWasWritten) {
  for (const auto format :
       {caffe::SolverParameter::BINARYPROTO, caffe::SolverParameter::HDF5}) {
    const auto bytes = SerializeSolverState(State(), format);
    ASSERT_OK(bytes);
    const auto state = ParseSolverState(*bytes, "file");
    ASSERT_OK(state);
    EXPECT_EQ(state->iter(), 7);
    EXPECT_EQ(state->learned_net(), "n_iter_7.caffemodel");
    EXPECT_EQ(state->current_step(), 2);
    ASSERT_THAT(state->history(), SizeIs(1));
    EXPECT_THAT(state->history(0).data(), ElementsAre(1.5f, -2));
    EXPECT_THAT(state->history(0).shape().dim(), ElementsAre(2));
  }
}

TEST(SolverStateTest, WhatIsNoStateIsNamed) {
  EXPECT_THAT(ParseSolverState("", "f"), HasReason("SOLVERSTATE_PARSE"));
  EXPECT_THAT(ParseSolverState("\xff\xff", "f"),
              HasReason("SOLVERSTATE_PARSE"));
  caffe::SolverState state = State();
  state.set_iter(-1);
  EXPECT_THAT(ParseSolverState(state.SerializeAsString(), "f"),
              HasReason("SOLVERSTATE_PARSE"));
}

}  // namespace
}  // namespace quantd
