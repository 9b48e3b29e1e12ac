r"""A stream is a view like another: windows, a join with a table, a filter of groups, all in SQL.

mkdir -p sales
printf '2024-05-01 10:00:00,a,3\n2024-05-01 10:20:00,b,1\n2024-05-01 10:40:00,a,4\n' > sales/1.csv
printf '2024-05-01 11:10:00,a,1\n2024-05-01 11:20:00,b,9\n' > sales/2.csv
printf '2024-05-01 14:00:00,b,1\n' > sales/3.csv
potok run sql_over_streams.py
"""

from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("sql").config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.createDataFrame(
    [("a", "apples", 0.5), ("b", "bread", 3.0)], "code STRING, name STRING, price DOUBLE"
).createOrReplaceTempView("article")
(
    spark.readStream.schema("at TIMESTAMP, code STRING, quantity INT")
    .option("maxFilesPerTrigger", 1)
    .csv("sales")
    .withWatermark("at", "30 minutes")
    .createOrReplaceTempView("sale")
)
hours = spark.sql("""
    SELECT window.start AS hour, name, sum(quantity) AS sold, sum(quantity * price) AS turnover
    FROM sale JOIN article USING (code)
    GROUP BY window(at, '1 hour'), name
    HAVING sum(quantity) > 1
""")
query = (
    hours.writeStream.queryName("hours")
    .outputMode("append")
    .format("memory")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
spark.sql("SELECT * FROM hours ORDER BY hour, name").show()
spark.stop()
