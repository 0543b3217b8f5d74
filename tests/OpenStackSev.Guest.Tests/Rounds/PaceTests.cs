using OpenStackSev.Guest.Rounds;

namespace OpenStackSev.Guest.Tests.Rounds;

public sealed class PaceTests
{
    [Theory]
    [InlineData(300, 300, 315), InlineData(3600, 3600, 3630), InlineData(0, 10, 11), InlineData(-5, 10, 11), InlineData(int.MaxValue, 86_400, 86_430), InlineData(int.MinValue, 10, 11)]
    public void A_round_is_when_it_was_asked_for_or_a_little_later(int asked, int least, int most)
    {
        for (int seed = 0; seed < 100; seed++)
            Assert.InRange(Pace.AfterResult(asked, new Random(seed)).TotalSeconds, least, most);
    }

    [Theory, InlineData(0, 1, 2), InlineData(1, 2, 4), InlineData(5, 32, 64), InlineData(8, 150, 300), InlineData(int.MaxValue, 150, 300)]
    public void Failures_are_answered_by_waiting_longer_up_to_five_minutes(int before, int least, int most)
    {
        for (int seed = 0; seed < 100; seed++)
            Assert.InRange(Pace.AfterFailure(before, null, new Random(seed)).TotalSeconds, least, most);
    }

    [Theory, InlineData(120, 120, 150), InlineData(-5, 1, 2), InlineData(0, 1, 2), InlineData(315_360_000, 3600, 3630)]
    public void Who_asks_to_be_left_alone_is_for_an_hour_at_most(int retryAfter, int least, int most)
    {
        for (int seed = 0; seed < 100; seed++)
            Assert.InRange(Pace.AfterFailure(0, TimeSpan.FromSeconds(retryAfter), new Random(seed)).TotalSeconds, least, most);
    }
}
