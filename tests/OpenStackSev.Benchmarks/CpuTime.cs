
namespace OpenStackSev.Benchmarks;

/// <summary>CPU time of this process, user and system: other load on the machine lengthens the clock's time but not this one.</summary>
internal static class CpuTime
{
    public const int Runs = 5;

    /// <summary>The shortest of <see cref="Runs"/> runs, each <paramref name="repeats"/> times the work, as time of one.</summary>
    public static TimeSpan BestOf(Action work, int repeats = 1)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            GC.Collect();
            TimeSpan before = Environment.CpuUsage.TotalTime;
            for (int repeat = 0; repeat < repeats; repeat++)
                work();
            TimeSpan took = (Environment.CpuUsage.TotalTime - before) / repeats;
            best = took < best ? took : best;
        }

        return best;
    }

    public static string Text(TimeSpan time) => time.TotalMilliseconds.ToString(time.TotalMilliseconds < 10 ? "0.00" : "0.0") + " ms";
}
