namespace OpenStackSev.Control.Enforcement;

/// <summary>How many more instances may be acted on. An instance that was begun is finished. Safe from several threads.</summary>
internal sealed class ActionBudget(EnforcementLimits limits, int actedThisHour)
{
    public static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly HashSet<Guid> begun = [];

    public BudgetLeft For(Guid instance)
    {
        lock (gate)
        {
            return begun.Contains(instance) ? BudgetLeft.Some
                : begun.Count >= limits.MostARun ? BudgetLeft.NoneThisRun
                : actedThisHour + begun.Count >= limits.MostAnHour ? BudgetLeft.NoneThisHour
                : BudgetLeft.Some;
        }
    }

    public bool TryTake(Guid instance)
    {
        lock (gate)
        {
            if (For(instance) != BudgetLeft.Some)
                return false;
            begun.Add(instance);
            return true;
        }
    }
}
